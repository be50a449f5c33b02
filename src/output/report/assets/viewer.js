// The 3D view of a report: one scene of the glTF model a field, chosen by the buttons. Draws only when something changes.
(() => {
    'use strict';
    const canvas = document.getElementById('canvas');
    const frame = document.getElementById('view');
    const reading = document.getElementById('reading');
    const buttons = [...document.querySelectorAll('.fields button')];
    const legends = [...document.querySelectorAll('.legend')];

    const fail = (reason) => {
        canvas.hidden = true;
        reading.textContent = `The 3D view cannot be shown here (${reason}); the pictures below show the same.`;
    };

    const bytes = () => {
        const text = atob(document.getElementById('model').textContent);
        const data = new Uint8Array(text.length);
        for (let k = 0; k < text.length; k += 1) data[k] = text.charCodeAt(k);
        return data.buffer;
    };

    let renderer;
    try {
        renderer = new THREE.WebGLRenderer({ canvas, antialias: true });
    } catch (error) {
        fail('no WebGL');
        return;
    }
    renderer.setPixelRatio(Math.min(window.devicePixelRatio, 2));
    const camera = new THREE.PerspectiveCamera(30, 1, 1, 10);
    const lamp = new THREE.DirectionalLight(0xffffff, 1.7);
    lamp.position.set(-0.4, 0.5, 1);
    camera.add(lamp);
    const controls = new THREE.OrbitControls(camera, canvas);
    const material = new THREE.MeshLambertMaterial({ vertexColors: true, side: THREE.DoubleSide });
    const scenes = [];
    let shown = 0;

    const draw = () => { if (scenes.length) renderer.render(scenes[shown].scene, camera); };

    const ground = () => {
        const colour = new THREE.Color(getComputedStyle(document.documentElement).getPropertyValue('--card').trim());
        for (const { scene } of scenes) scene.background = colour;
        draw();
    };

    const fit = () => {
        const { clientWidth: width, clientHeight: height } = frame;
        renderer.setSize(width, height, false);
        camera.aspect = width / Math.max(height, 1);
        camera.updateProjectionMatrix();
        draw();
    };

    const choose = (k) => {
        shown = k;
        reading.textContent = '';
        buttons.forEach((button, n) => button.setAttribute('aria-pressed', String(n === k)));
        legends.forEach((legend, n) => { legend.hidden = n !== k; });
        draw();
    };

    // The camera where most is seen, and as near as shows every corner of the box around the model.
    const place = () => {
        const { geometry } = scenes[0].mesh;
        geometry.computeBoundingBox();
        const { min, max } = geometry.boundingBox;
        const size = new THREE.Vector3().subVectors(max, min);
        const centre = new THREE.Vector3().addVectors(min, max).multiplyScalar(0.5);
        const eye = (size.x < size.z ? new THREE.Vector3(1, 0.2, 0.3) : new THREE.Vector3(0.3, 0.2, 1)).normalize();
        const right = new THREE.Vector3(0, 1, 0).cross(eye).normalize();
        const up = new THREE.Vector3().crossVectors(eye, right);
        const slope = Math.tan((camera.fov * Math.PI) / 360);
        let distance = 0;
        for (let k = 0; k < 8; k += 1) {
            const sign = new THREE.Vector3(k & 1 ? 1 : -1, k & 2 ? 1 : -1, k & 4 ? 1 : -1);
            const corner = size.clone().multiplyScalar(0.5).multiply(sign);
            const needed = Math.max(Math.abs(corner.dot(right)) / camera.aspect, Math.abs(corner.dot(up))) / slope;
            distance = Math.max(distance, corner.dot(eye) + 1.04 * needed);
        }
        camera.position.copy(centre).addScaledVector(eye, distance);
        camera.near = distance / 100;
        camera.far = distance * 10;
        camera.updateProjectionMatrix();
        controls.target.copy(centre);
        controls.minDistance = size.length() / 40;
        controls.maxDistance = 4 * distance;
        controls.update();
    };

    const read = (event) => {
        const box = canvas.getBoundingClientRect();
        const at = new THREE.Vector2(
            (2 * (event.clientX - box.left)) / box.width - 1, 1 - (2 * (event.clientY - box.top)) / box.height);
        const ray = new THREE.Raycaster();
        ray.setFromCamera(at, camera);
        const { mesh, extras, centre } = scenes[shown];
        const hit = ray.intersectObject(mesh)[0];
        if (!hit) { reading.textContent = ''; return; }
        const values = mesh.geometry.getAttribute('_value');
        const { a, b, c } = hit.face;
        const near = [a, b, c].map((v) => [
            new THREE.Vector3().fromBufferAttribute(mesh.geometry.getAttribute('position'), v).distanceTo(hit.point), v]);
        near.sort((one, other) => one[0] - other[0]);
        const value = values.getX(near[0][1]);
        const p = hit.point.clone().multiplyScalar(1000);
        const mm = [p.x + centre[0], centre[1] - p.z, p.y + centre[2]].map((x) => x.toFixed(1)).join(', ');
        reading.textContent = `${extras.title} ${Number(value.toPrecision(4))} ${extras.unit} at (${mm}) mm`;
    };

    const keys = {
        ArrowLeft: () => controls.rotateLeft(0.12), ArrowRight: () => controls.rotateLeft(-0.12),
        ArrowUp: () => controls.rotateUp(0.12), ArrowDown: () => controls.rotateUp(-0.12),
        '+': () => controls.dollyIn(0.9), '=': () => controls.dollyIn(0.9), '-': () => controls.dollyOut(0.9),
    };

    new THREE.GLTFLoader().parse(bytes(), '', (model) => {
        const centre = model.parser.json.extras.centre_mm;
        model.scenes.forEach((group) => {
            const scene = new THREE.Scene();
            scene.add(group, camera, new THREE.AmbientLight(0xffffff, 1.6));
            let mesh;
            group.traverse((node) => { if (node.isMesh) { node.material = material; mesh = node; } });
            scenes.push({ scene, mesh, extras: group.userData, centre });
        });
        // A camera, and its lamp with it, is in one scene at a time.
        const chosen = (k) => { scenes[k].scene.add(camera); choose(k); };
        buttons.forEach((button, k) => button.addEventListener('click', () => chosen(k)));
        let pressed = null;
        canvas.addEventListener('pointerdown', (event) => { pressed = [event.clientX, event.clientY]; });
        canvas.addEventListener('pointerup', (event) => {
            if (pressed && Math.hypot(event.clientX - pressed[0], event.clientY - pressed[1]) < 6) read(event);
            pressed = null;
        });
        canvas.addEventListener('keydown', (event) => {
            if (keys[event.key]) { keys[event.key](); event.preventDefault(); }
        });
        controls.addEventListener('change', draw);
        new ResizeObserver(fit).observe(frame);
        window.matchMedia('(prefers-color-scheme: dark)').addEventListener('change', ground);
        scenes[0].scene.add(camera);
        fit();
        place();
        ground();
        canvas.dataset.drawn = 'true';
    }, (error) => fail(error.message || 'the model cannot be read'));
})();
