//! Runs that are killed, stopped, or asked for a checkpoint go on to the same results, to the last bit.
//!
//! `PERFUSE_KILLS=50` kills the pulsating run so often; the default is what a test may take.

#[path = "support/need.rs"]
mod need;
#[path = "support/setting.rs"]
mod setting;

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use sha2::{Digest, Sha256};

use setting::{Setting, assert_same, checkpoints, text, wait_for, write};

/// Numbers that seem random (O'Neill's PCG's step), from 0 to below 1.
struct Random(u64);

impl Random {
    fn next(&mut self) -> f64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 11) as f64 / (1u64 << 53) as f64
    }
}

/// Runs with the given arguments, killed so often at random moments, some milliseconds after it has gone on at the
/// earliest; then to its end. Returns how many kills met it alive.
fn killed(setting: &Setting, out: &Path, kills: usize, longest: Duration, more: &[&str]) -> usize {
    let mut random = Random(kills as u64 + longest.as_millis() as u64);
    let mut met = 0;
    loop {
        let resume = !checkpoints(out).is_empty();
        let args = [more, if resume { &["--resume"][..] } else { &[][..] }].concat();
        let mut child = setting.command(out, "1", &args).spawn().unwrap_or_else(|e| panic!("{e}"));
        if met < kills {
            let newest = checkpoints(out).pop();
            let clock = Instant::now();
            // Until it has got further than it was: a life too short for that would be lived again and again.
            while checkpoints(out).pop() == newest && child.try_wait().is_ok_and(|ended| ended.is_none()) {
                std::thread::sleep(Duration::from_millis(2));
                assert!(clock.elapsed() < Duration::from_secs(300), "no checkpoint in five minutes");
            }
            std::thread::sleep(longest.mul_f64(random.next()));
            met += usize::from(child.try_wait().is_ok_and(|ended| ended.is_none()));
            let _ = child.kill();
        }
        let output = child.wait_with_output().unwrap_or_else(|e| panic!("{e}"));
        match output.status.code() {
            Some(0) => return met,
            None => {}
            Some(_) => panic!("{}", text(&output.stderr)),
        }
    }
}

const OFTEN: &str = "checkpoint = \"20 ms\"";

#[test]
fn a_pulsating_run_killed_again_and_again_ends_the_same() {
    let kills = std::env::var("PERFUSE_KILLS").ok().and_then(|n| n.parse().ok()).unwrap_or(3);
    // Long enough for all of them.
    let cycles = 2 + if kills > 3 { kills / 4 } else { 0 };
    let rest = format!(
        "[resolution]\nacross = 6\n[time]\ncycles = {cycles}\n[output]\nrows = 50\nsnapshots = 3\n{OFTEN}\n\
         [wall]\nthickness = \"0.5 mm\"\nyoung = \"1 MPa\"\npoisson = 0.4\nlayers = 1\nspacing = \"1 mm\"\n\
         loads = [\"mean\", \"systole\", \"100 ms\"]\n[[probe]]\nname = \"p\"\nat = [0.0, 0.0, 1.0]\n"
    );
    let setting = Setting::pulsating(&rest);
    let (unbroken, broken) = (setting.out("unbroken"), setting.out("broken"));
    let clock = Instant::now();
    let output = setting.run(&unbroken, &["-q", "--set", "output.checkpoint=\"off\""]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let whole = clock.elapsed();
    let met = killed(&setting, &broken, kills, whole.mul_f64(0.5 / kills.max(1) as f64), &["--device", "cpu"]);
    println!("{met} of {kills} kills met the run alive; unbroken it takes {:.1} s", whole.as_secs_f64());
    assert!(met > 0 && (met == kills || kills <= 3), "{met} kills");
    assert_same(&unbroken, &broken);
}

#[test]
fn a_steady_run_killed_goes_on_in_16_bits_too() {
    for storage in ["f32", "f16"] {
        let setting = Setting::steady(&format!("storage = \"{storage}\"\n[output]\n{OFTEN}\n"));
        let (unbroken, broken) = (setting.out("unbroken"), setting.out("broken"));
        let set = ["--device", "cpu", "-q", "--set", "time.tolerance=0.05"];
        let output = setting.run(&unbroken, &set);
        assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
        let met = killed(&setting, &broken, 2, Duration::from_millis(100), &set);
        println!("{storage}: {met} kills met the run alive");
        assert!(met > 0);
        assert_same(&unbroken, &broken);
    }
}

/// Steps used up are not the end: with more of them the run goes on, as if it had had them from the beginning.
fn more_steps(device: &str, rest: &str) {
    let setting = Setting::steady(rest);
    let (unbroken, broken) = (setting.out("unbroken"), setting.out("broken"));
    let run = |out: &Path, steps: u32, more: &[&str]| {
        let set = format!("time.max_steps={steps}");
        setting.run(out, &[&["--device", device, "-q", "--set", &set], more].concat())
    };
    let output = run(&unbroken, 300, &[]);
    if output.status.code() == Some(2) && text(&output.stderr).contains("adapter") {
        return need::skip("gpu", "no adapter");
    }
    assert_eq!(output.status.code(), Some(1), "{}", text(&output.stderr));
    let output = run(&broken, 150, &[]);
    assert!(text(&output.stderr).contains("--resume"), "{}", text(&output.stderr));
    let output = run(&broken, 300, &["--resume"]);
    assert_eq!(output.status.code(), Some(1), "{}", text(&output.stderr));
    for out in [&unbroken, &broken] {
        fs::remove_dir_all(out.join("checkpoint")).unwrap_or_else(|e| panic!("{e}"));
    }
    assert_same(&unbroken, &broken);
}

const SHORT: &str = "[time]\ntolerance = 1e-7\n[output]\ncheckpoint = \"10 min\"\n";

#[test]
fn a_run_out_of_steps_goes_on_with_more() {
    more_steps("cpu", SHORT);
}

#[test]
fn an_adapter_goes_on_too() {
    let _alone = ADAPTER.lock();
    more_steps("gpu", &SHORT.replace("1e-7", "1e-7 # f32"));
    more_steps("gpu", &format!("storage = \"f16\"\n{SHORT}"));
}

/// One at a time: software adapters share the processor.
static ADAPTER: std::sync::Mutex<()> = std::sync::Mutex::new(());

/// An interrupted run, and one that was asked for a checkpoint, go on; with another number of threads as well.
#[cfg(unix)]
#[test]
fn interrupted_or_asked() {
    let rest = "[resolution]\nacross = 6\n[time]\ncycles = 2\n[output]\nrows = 50\nsnapshots = 1\n";
    let setting = Setting::pulsating(rest);
    let unbroken = setting.out("unbroken");
    let output = setting.run(&unbroken, &["-q"]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    for (signal, asked) in [("-TERM", false), ("-KILL", true)] {
        let out = setting.out(signal);
        let mut child =
            setting.command(&out, "1", &["--device", "cpu", "-q"]).spawn().unwrap_or_else(|e| panic!("{e}"));
        while !out.join("fluid").exists() {
            std::thread::sleep(Duration::from_millis(5));
        }
        std::thread::sleep(Duration::from_millis(100));
        if asked {
            fs::create_dir_all(out.join("checkpoint")).unwrap_or_else(|e| panic!("{e}"));
            write(&out.join("checkpoint/request"), "");
            wait_for(&mut child, &out, 1);
            // It goes once there is the checkpoint.
            std::thread::sleep(Duration::from_millis(200));
            assert!(!out.join("checkpoint/request").exists(), "it was granted");
        }
        let _ = Command::new("kill").args([signal, &child.id().to_string()]).status();
        let output = child.wait_with_output().unwrap_or_else(|e| panic!("{e}"));
        if !asked {
            assert_eq!(output.status.code(), Some(130), "{}", text(&output.stderr));
            assert!(out.join("summary.json").is_file(), "results of what was reached");
        }
        let output = setting.command(&out, "2", &["--device", "cpu", "-q", "--resume"]).output();
        let output = output.unwrap_or_else(|e| panic!("{e}"));
        assert_eq!(output.status.code(), Some(0), "{signal}: {}", text(&output.stderr));
        assert_same(&unbroken, &out);
    }
}

/// Makes a checkpoint promise two loads of the wall of 2^58 vertices, whose bytes add up to 2^64, with the right hash.
fn promise_more(path: &Path) {
    let bytes = fs::read(path).unwrap_or_else(|e| panic!("{e}"));
    let (start, rest) = bytes[..bytes.len() - 32].split_at(24);
    let (size, rest) = rest.split_at(8);
    let (header, arrays) = rest.split_at(u64::from_le_bytes(std::array::from_fn(|k| size[k])) as usize);
    let loads = format!("\"loads\":[[\"a\",0.0,{0}],[\"b\",0.0,{0}]]", 1u64 << 58);
    let header = text(header).replace("\"loads\":[]", &loads);
    assert!(header.contains(&loads), "a steady flow has no loads of its own");
    let mut bytes = [start, &(header.len() as u64).to_le_bytes(), header.as_bytes(), arrays].concat();
    let hash = Sha256::digest(&bytes);
    bytes.extend_from_slice(&hash);
    fs::write(path, bytes).unwrap_or_else(|e| panic!("{e}"));
}

/// What does not fit is refused with what differs; what is damaged leaves the one before.
#[test]
fn wrong_and_damaged_checkpoints() {
    let setting = Setting::steady(SHORT);
    let out = setting.out("out");
    let stderr = |more: &[&str], code: i32| {
        let output = setting.run(&out, more);
        assert_eq!(output.status.code(), Some(code), "{}", text(&output.stderr));
        text(&output.stderr)
    };
    let none = stderr(&["--resume"], 2);
    let place = out.join("checkpoint");
    let expected =
        format!("there is no checkpoint in {}: run without --resume to start from the beginning", place.display());
    assert!(none.contains(&expected) && !out.exists(), "{none}");
    for steps in ["100", "150"] {
        let more = if steps == "100" { &[][..] } else { &["--resume"][..] };
        stderr(&[&["--set", &format!("time.max_steps={steps}")], more].concat(), 1);
    }
    assert_eq!(checkpoints(&out).len(), 2, "two are kept");
    for (set, word) in [
        ("opening.inlet.flow=\"1.1 ml/s\"", "`opening.inlet.flow`"),
        ("resolution.storage=\"f16\"", "`resolution.storage`"),
        ("output.rows=60", "`output.rows`"),
    ] {
        assert!(stderr(&["--resume", "--set", set], 2).contains(word), "{word}");
    }
    let newest = checkpoints(&out).pop().unwrap_or_default();
    let mut bytes = fs::read(&newest).unwrap_or_else(|e| panic!("{e}"));
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(&newest, &bytes).unwrap_or_else(|e| panic!("{e}"));
    let said = stderr(&["--resume", "--set", "time.max_steps=160"], 1);
    assert!(
        said.contains("is damaged: its content does not have the hash") && said.contains("going on from"),
        "{said}"
    );
    promise_more(&checkpoints(&out).pop().unwrap_or_default());
    assert!(stderr(&["--resume"], 2).contains("its arrays have"), "sizes that add up to more than 64 bits hold");
    for path in checkpoints(&out) {
        fs::write(path, &bytes[..40]).unwrap_or_else(|e| panic!("{e}"));
    }
    assert!(stderr(&["--resume"], 2).contains("no checkpoint in"));
    let surface = setting.folder.path().join("vessel.obj");
    assert!(stderr(&["--set", "time.max_steps=50"], 1).contains("too few to tell how the flow changes"));
    let mesh = fs::read_to_string(&surface).unwrap_or_else(|e| panic!("{e}"));
    write(&surface, &format!("{mesh}# changed\n"));
    assert!(stderr(&["--resume"], 2).contains("the content of `geometry.surface` has changed"));
}
