// What the report's page uses of three.js. See README.md for the command that makes three.min.js of it.
export {
    AmbientLight, Color, DirectionalLight, DoubleSide, MeshLambertMaterial, PerspectiveCamera, Raycaster, Scene, Vector2,
    Vector3, WebGLRenderer,
} from 'three';
export { OrbitControls } from 'three/addons/controls/OrbitControls.js';
export { GLTFLoader } from 'three/addons/loaders/GLTFLoader.js';
