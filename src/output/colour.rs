//! Colour maps in which equal steps of the value are equal steps to the eye.
//!
//! The tables are every eighth entry (and the last) of matplotlib's maps of the same names, which N. Smith, S. van der
//! Walt, E. Firing and J. Nunez released under CC0; between two entries a colour is interpolated, which is off by at most
//! two in 255.

/// A colour map.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Map {
    /// Violet, green, yellow.
    Viridis,
    /// Blue, red, yellow.
    Plasma,
    /// Blue, grey, yellow; the same to people who see no red or no green.
    Cividis,
}

impl Map {
    /// Its colour at `part` of the range, sRGB; what lies outside 0 to 1 has the colour of the nearer end.
    #[must_use]
    pub fn at(self, part: f64) -> [u8; 3] {
        let table = match self {
            Self::Viridis => &VIRIDIS,
            Self::Plasma => &PLASMA,
            Self::Cividis => &CIVIDIS,
        };
        let last = table.len() - 1;
        let place = if part.is_nan() { 0.0 } else { part.clamp(0.0, 1.0) * last as f64 };
        let k = (place as usize).min(last - 1);
        let weight = place - k as f64;
        let channel = |entry: u32, a: usize| f64::from(entry >> (16 - 8 * a) & 255);
        std::array::from_fn(|a| {
            ((1.0 - weight) * channel(table[k], a) + weight * channel(table[k + 1], a)).round() as u8
        })
    }
}

#[rustfmt::skip]
const VIRIDIS: [u32; 33] = [
    0x440154, 0x470d60, 0x48186a, 0x482374, 0x472d7b, 0x453781, 0x424086, 0x3e4989, 0x3b528b, 0x375b8d, 0x33638d,
    0x2f6b8e, 0x2c728e, 0x297a8e, 0x26828e, 0x23898e, 0x21918c, 0x1f988b, 0x1fa088, 0x22a785, 0x28ae80, 0x32b67a,
    0x3fbc73, 0x4ec36b, 0x5ec962, 0x70cf57, 0x84d44b, 0x98d83e, 0xaddc30, 0xc2df23, 0xd8e219, 0xece51b, 0xfde725,
];

#[rustfmt::skip]
const PLASMA: [u32; 33] = [
    0x0d0887, 0x220690, 0x310597, 0x3f049c, 0x4c02a1, 0x5901a5, 0x6600a7, 0x7201a8, 0x7e03a8, 0x8a09a5, 0x9511a1,
    0xa01a9c, 0xaa2395, 0xb32c8e, 0xbc3587, 0xc43e7f, 0xcc4778, 0xd35171, 0xda5a6a, 0xe06363, 0xe66c5c, 0xeb7655,
    0xf0804e, 0xf58b47, 0xf89540, 0xfba139, 0xfdac33, 0xfeb82c, 0xfdc527, 0xfcd225, 0xf8df25, 0xf4ed27, 0xf0f921,
];

#[rustfmt::skip]
const CIVIDIS: [u32; 33] = [
    0x00224e, 0x00285b, 0x002e6a, 0x053371, 0x1a386f, 0x273e6e, 0x32436d, 0x3b496c, 0x434e6c, 0x4b546c, 0x535a6d,
    0x5a5f6e, 0x61656f, 0x686a71, 0x6f7073, 0x767676, 0x7d7c78, 0x848279, 0x8c8878, 0x938e78, 0x9b9476, 0xa39a74,
    0xaba072, 0xb4a76f, 0xbcae6c, 0xc4b468, 0xcdbb63, 0xd5c25e, 0xdec958, 0xe7d150, 0xf0d846, 0xf9e03a, 0xfee838,
];

#[cfg(test)]
mod tests {
    use super::*;

    /// Luminance grows along each map, and the ends are those of the published tables.
    #[test]
    fn maps_grow_lighter() {
        let light = |c: [u8; 3]| 0.2126 * f64::from(c[0]) + 0.7152 * f64::from(c[1]) + 0.0722 * f64::from(c[2]);
        for map in [Map::Viridis, Map::Plasma, Map::Cividis] {
            let steps: Vec<f64> = (0..=64).map(|k| light(map.at(f64::from(k) / 64.0))).collect();
            assert!(steps.windows(2).all(|pair| pair[1] > pair[0] - 1.0), "{map:?}: {steps:?}");
        }
        assert_eq!((Map::Viridis.at(-1.0), Map::Viridis.at(2.0)), ([68, 1, 84], [253, 231, 37]));
        assert_eq!((Map::Plasma.at(0.0), Map::Cividis.at(1.0)), ([13, 8, 135], [254, 232, 56]));
        assert_eq!(Map::Viridis.at(f64::NAN), [68, 1, 84]);
    }
}
