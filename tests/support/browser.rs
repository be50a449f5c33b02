//! Headless Chromium looking at a report.

use std::path::Path;
use std::process::Command;

use serde_json::Value;

use crate::support::skip;

/// Runs before everything else in the page: keeps what WebGL draws, and remembers what goes wrong.
const BEFORE: &str = "<script>
window.seenErrors = [];
addEventListener('error', (e) => seenErrors.push(String(e.message)), true);
addEventListener('unhandledrejection', (e) => seenErrors.push(String(e.reason)));
addEventListener('securitypolicyviolation', (e) => seenErrors.push('policy: ' + e.blockedURI));
for (const kind of ['error', 'warn']) console[kind] = (...all) => seenErrors.push(all.join(' '));
const plain = HTMLCanvasElement.prototype.getContext;
HTMLCanvasElement.prototype.getContext = function (kind, options) {
    return plain.call(this, kind, { ...options, preserveDrawingBuffer: true });
};
</script>";

/// Runs at the end: presses every button, counts the colours of the canvas, and tells the page around.
const AFTER: &str = "<script>
const look = () => {
    const canvas = document.getElementById('canvas');
    if (!canvas.dataset.drawn && performance.now() < 20000) { setTimeout(look, 100); return; }
    const copy = document.createElement('canvas');
    [copy.width, copy.height] = [canvas.width, canvas.height];
    const pen = copy.getContext('2d', { willReadFrequently: true });
    const buttons = [...document.querySelectorAll('.fields button')];
    const fields = buttons.map((button) => {
        button.click();
        pen.drawImage(canvas, 0, 0);
        const words = new Uint32Array(pen.getImageData(0, 0, copy.width, copy.height).data.buffer);
        let sum = 0;
        for (const word of words) sum = (sum * 31 + word) % 4294967291;
        return { colours: new Set(words).size, sum };
    });
    const root = document.documentElement;
    parent.postMessage(JSON.stringify({
        errors: seenErrors, fields, width: innerWidth, scroll: root.scrollWidth,
        pressed: buttons.map((button) => button.getAttribute('aria-pressed') === 'true'),
        requests: performance.getEntriesByType('resource').map((entry) => entry.name).filter((name) => !name.startsWith('data:')),
    }), '*');
};
look();
</script>";

/// What Chromium sees of `report.html` in a window of that width; none where there is no Chromium.
///
/// The page stands in a frame, since a window of Chromium is never narrower than 500 pixels.
pub fn look(folder: &Path, width: u64) -> Option<Value> {
    let names = ["chromium", "chromium-browser", "google-chrome"];
    let there = |name: &&&str| Command::new(name).arg("--version").output().is_ok_and(|output| output.status.success());
    let Some(chromium) = names.iter().find(there) else {
        skip("chromium", "no Chromium (Debian: chromium)");
        return None;
    };
    let page = std::fs::read_to_string(folder.join("report.html")).unwrap_or_else(|e| panic!("{e}"));
    let page =
        page.replacen("<title>", &format!("{BEFORE}<title>"), 1).replacen("</body>", &format!("{AFTER}</body>"), 1);
    let around = format!(
        "<!DOCTYPE html><body style=\"margin:0\"><iframe src=\"seen.html\" style=\"border:0;width:{width}px;height:900px\">\
         </iframe><script>addEventListener('message', (e) => {{ document.body.innerHTML = '';\
         document.body.append('SEEN' + e.data + 'SEEN'); }});</script></body>"
    );
    for (name, text) in [("seen.html", &page), ("around.html", &around)] {
        std::fs::write(folder.join(name), text).unwrap_or_else(|e| panic!("{e}"));
    }
    let profile = format!("--user-data-dir={}", folder.join("profile").display());
    let url = format!("file://{}", folder.join("around.html").display());
    let args = "--headless=new --no-sandbox --use-gl=angle --use-angle=swiftshader --enable-unsafe-swiftshader --dump-dom \
                --window-size=1300,900 --virtual-time-budget=30000 --no-first-run --disable-extensions \
                --disable-component-update --disable-background-networking --proxy-server=127.0.0.1:9";
    let output = Command::new(chromium).args(args.split_whitespace()).args([&profile, &url]).output();
    let output = output.unwrap_or_else(|e| panic!("{e}"));
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let said = text.split("SEEN").nth(1).unwrap_or_else(|| {
        panic!("the page said nothing: {}\n{}", &text[..text.len().min(400)], String::from_utf8_lossy(&output.stderr))
    });
    let said = said.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&");
    Some(serde_json::from_str(&said).unwrap_or_else(|e| panic!("{e}: {said}")))
}
