//! What a case says of a label map.

use super::is_name;
use crate::case::{Case, Diagnostic};

/// Most voxels across a branch that is taken off.
const MOST_PRUNED: f64 = 100.0;

impl Case {
    pub(super) fn check_labels(&self, found: &mut Vec<Diagnostic>) {
        let Some(labels) = &self.geometry.labels else { return };
        if labels.label == Some(0) {
            let message = "`geometry.label` is 0, which is the background".to_owned();
            let help = "`perfuse inspect` lists the labels of the file";
            found.push(self.find(self.geometry.surface.span(), message, "not a label", help));
        }
        if let Some(prune) = &labels.prune
            && !(0.0..=MOST_PRUNED).contains(prune.get_ref())
        {
            let help = "branches of fewer voxels across are taken off; 3 is usual";
            let value = format!("{} voxels", prune.get_ref());
            found.push(self.outside(prune.span(), "geometry.prune", value, "0 to 100 voxels", help));
        }
        for (k, cut) in labels.cuts.iter().enumerate() {
            if cut.normal.get_ref().iter().map(|x| x * x).sum::<f64>() < 1e-12 {
                let message = "a [[cut]] has a `normal` without length".to_owned();
                let help = "give the direction out of the part that is kept: normal = [0.0, 0.0, 1.0]";
                found.push(self.find(cut.normal.span(), message, "no direction", help));
            }
            let Some(name) = &cut.name else { continue };
            let before = &labels.cuts[..k];
            let again = before.iter().filter_map(|c| c.name.as_ref()).any(|other| other.get_ref() == name.get_ref());
            if again || name.get_ref() == "wall" || !is_name(name.get_ref()) {
                let message = format!("`{}` cannot be the name of a [[cut]]", name.get_ref());
                let label = if again { "the second one" } else { "not a name" };
                let help =
                    "names consist of letters, digits, `_` and `-`, differ from one another, and are not \"wall\"";
                found.push(self.find(name.span(), message, label, help));
            }
        }
    }
}
