//! What goes wrong around a run: full disks, locked folders, files that change, adapters that go away. Each ends with a
//! message, and with a checkpoint that the run goes on from.

#[path = "support/need.rs"]
mod need;
#[path = "support/setting.rs"]
mod setting;

use std::fs;
use std::ops::ControlFlow;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use perfuse::backend::Flow;
use perfuse::backend::gpu::device::{Choice, open};
use perfuse::case::Case;
use perfuse::run::RunError;
use perfuse::run::checkpoint::Keeper;
use perfuse::run::fit::Room;
use perfuse::run::level::Level;
use perfuse::run::plan::Plan;
use perfuse::run::steady;
use setting::{Setting, assert_same, checkpoints, text, wait_for, write};

const LONG: &str = "[time]\ntolerance = 1e-7\nmax_steps = 100000\n[output]\ncheckpoint = \"20 ms\"\n";

/// A run that lasts a second or so.
const SHORT: &str = "[time]\ntolerance = 0.02\n[output]\ncheckpoint = \"20 ms\"\n";

#[test]
fn two_runs_on_one_folder() {
    let setting = Setting::steady(LONG);
    let out = setting.out("out");
    let mut child = setting.command(&out, "1", &["--device", "cpu", "-q"]).spawn().unwrap_or_else(|e| panic!("{e}"));
    wait_for(&mut child, &out, 1);
    for more in [&[][..], &["--resume"]] {
        let second = setting.run(&out, &[&["-q"], more].concat());
        assert_eq!(second.status.code(), Some(2), "{}", text(&second.stderr));
        assert!(text(&second.stderr).contains("another run is writing to"), "{}", text(&second.stderr));
    }
    let _ = child.kill();
    let _ = child.wait();
    let third = setting.run(&out, &["-q", "--resume", "--set", "time.max_steps=1"]);
    assert_eq!(third.status.code(), Some(1), "the lock went with the run: {}", text(&third.stderr));
}

#[test]
fn a_file_that_changes_during_the_run() {
    let setting = Setting::steady(SHORT);
    let out = setting.out("out");
    let mut child = setting.command(&out, "1", &["--device", "cpu"]).spawn().unwrap_or_else(|e| panic!("{e}"));
    wait_for(&mut child, &out, 1);
    let surface = setting.folder.path().join("vessel.obj");
    let mesh = fs::read_to_string(&surface).unwrap_or_else(|e| panic!("{e}"));
    write(&surface, &format!("{mesh}# more\n"));
    let output = child.wait_with_output().unwrap_or_else(|e| panic!("{e}"));
    assert!(text(&output.stderr).contains("vessel.obj has changed during the run"), "{}", text(&output.stderr));
}

#[test]
fn folders_that_cannot_be_written_to() {
    let setting = Setting::steady(SHORT);
    let file = setting.out("file");
    write(&file, "");
    for out in [file.join("below"), Path::new("/proc/none").to_owned()] {
        let output = setting.run(&out, &["-q"]);
        assert_eq!(output.status.code(), Some(1), "{}", text(&output.stderr));
        assert!(text(&output.stderr).contains(&format!("cannot write {}", out.display())), "{}", text(&output.stderr));
    }
}

/// The disk fills while the run goes on; with space again it goes on from its checkpoint, to the same results.
#[cfg(target_os = "linux")]
#[test]
fn a_disk_that_fills() {
    let setting = Setting::steady(SHORT);
    let (unbroken, disk) = (setting.out("unbroken"), setting.out("disk"));
    fs::create_dir_all(&disk).unwrap_or_else(|e| panic!("{e}"));
    let output = setting.run(&unbroken, &["-q"]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let script = "mount -t tmpfs -o size=8m none \"$D\" || exit 99
        \"$P\" run \"$C\" --out \"$D/out\" --device cpu 2> \"$E\" & run=$!
        while ! ls \"$D\"/out/checkpoint/*.checkpoint > /dev/null 2>&1; do sleep 0.01; done
        dd if=/dev/zero of=\"$D/filler\" bs=64k > /dev/null 2>&1
        wait $run; code=$?
        ls -A \"$D/out\" \"$D/out/fluid\" >> \"$E\"
        rm \"$D/filler\"
        \"$P\" run \"$C\" --out \"$D/out\" --device cpu -q --resume 2>> \"$E\" || exit 98
        cp -r \"$D/out\" \"$O\"; exit $code";
    let (broken, said) = (setting.out("broken"), setting.out("stderr"));
    let status = Command::new("unshare")
        .args(["-rm", "sh", "-c", script])
        .envs([("D", &disk), ("C", &setting.case), ("E", &said), ("O", &broken)])
        .env("P", env!("CARGO_BIN_EXE_perfuse"))
        .env("RAYON_NUM_THREADS", "1")
        .status();
    let code = status.ok().and_then(|status| status.code());
    if !matches!(code, Some(0..=98)) {
        return need::skip("tmpfs", "no file system of its own can be mounted");
    }
    let said = fs::read_to_string(said).unwrap_or_default();
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("free some space") && said.contains("--resume goes on from there"), "{said}");
    assert!(!said.contains(".part") && !said.contains("summary.json"), "nothing is half written: {said}");
    assert_same(&unbroken, &broken);
}

/// An adapter that goes away in mid-run: the error names it and what is kept, and the processor goes on from there.
#[test]
fn an_adapter_that_is_lost() {
    let Ok(opened) = open(Choice::Gpu) else { return need::skip("gpu", "no adapter") };
    let setting = Setting::steady(LONG);
    let out = setting.out("out");
    let case = Case::load(&setting.case, &["time.max_steps=400".into()]).unwrap_or_else(|e| panic!("{e}"));
    let plan = Plan::new(case, &Room::of(opened.clone())).unwrap_or_else(|e| panic!("{e}"));
    let mut open = |level: &Level| {
        let (lattice, physics) = (level.lattice.clone(), level.physics(plan.mu));
        let (iolets, coefficients) = (level.iolets.clone(), level.coefficients.clone());
        Flow::open(opened.clone(), lattice, iolets, coefficients, physics, level.storage).map_err(RunError::from)
    };
    let mut looks = 0;
    let mut control = |_: &steady::Progress| {
        looks += 1;
        if looks == 4 {
            opened.iter().for_each(|opened| opened.device.destroy());
        }
        std::thread::sleep(Duration::from_millis(30));
        ControlFlow::Continue(())
    };
    let mut keeper = Keeper::new(&plan, &out, &|text| println!("{text}"));
    let lost = steady::run_kept(&plan, None, &mut open, &mut control, (&mut keeper, None));
    let error = keeper.explain(lost.err().expect("the adapter is gone")).to_string();
    println!("{error}");
    assert!(
        (error.contains("was lost") || error.contains("refused")) && error.contains("--resume goes on from there"),
        "{error}"
    );
    assert!(!checkpoints(&out).is_empty());
    let output = setting.run(&out, &["--resume", "--set", "time.max_steps=400"]);
    assert_eq!(output.status.code(), Some(1), "{}", text(&output.stderr));
    assert!(text(&output.stderr).contains("going on from"), "{}", text(&output.stderr));
}
