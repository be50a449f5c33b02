//! What the wall is made of: isotropic, linear elastic, the same through the thickness.

use super::error::WallError;
use crate::geometry::shell::Shell;

/// A property along the wall.
#[derive(Clone, Debug, PartialEq)]
pub enum Values {
    /// The same everywhere.
    Uniform(f64),
    /// One value a column.
    Columns(Vec<f64>),
}

impl Values {
    /// The value at a column.
    ///
    /// # Panics
    /// If there are fewer values than columns, which [`Material::check`] finds.
    #[must_use]
    pub fn at(&self, column: u32) -> f64 {
        match self {
            Self::Uniform(value) => *value,
            Self::Columns(values) => values[column as usize],
        }
    }

    /// Mean over the corners of a quadrilateral.
    fn mean(&self, quad: &[u32; 4]) -> f64 {
        match self {
            Self::Uniform(value) => *value,
            Self::Columns(_) => 0.25 * quad.iter().map(|&column| self.at(column)).sum::<f64>(),
        }
    }
}

/// An isotropic elastic material. An element takes the mean over its four columns.
#[derive(Clone, Debug, PartialEq)]
pub struct Material {
    /// Young's modulus, Pa.
    pub young: Values,
    /// Poisson's ratio, in [0, 0.5).
    pub poisson: Values,
}

impl Material {
    /// The same material everywhere.
    #[must_use]
    pub fn uniform(young: f64, poisson: f64) -> Self {
        Self { young: Values::Uniform(young), poisson: Values::Uniform(poisson) }
    }

    /// Lame's constants lambda and mu, Pa, of the elements of a quadrilateral.
    #[must_use]
    pub fn lame(&self, quad: &[u32; 4]) -> [f64; 2] {
        let (young, poisson) = (self.young.mean(quad), self.poisson.mean(quad));
        let twice = young / (1.0 + poisson);
        [twice * poisson / (1.0 - 2.0 * poisson), 0.5 * twice]
    }

    /// Whether the values fit the mesh and describe a material.
    ///
    /// # Errors
    /// [`WallError::Field`], [`WallError::Young`], [`WallError::Poisson`].
    pub fn check(&self, shell: &Shell) -> Result<(), WallError> {
        let columns = shell.columns();
        for values in [&self.young, &self.poisson] {
            match values {
                Values::Columns(list) if list.len() != columns => {
                    return Err(WallError::Field { found: list.len(), columns });
                }
                _ => {}
            }
        }
        for column in 0..columns as u32 {
            let at = || shell.nodes[shell.node(column, 0)];
            let (young, poisson) = (self.young.at(column), self.poisson.at(column));
            if !(young > 0.0 && young.is_finite()) {
                return Err(WallError::Young { value: young, at: at() });
            }
            if !(0.0..0.5).contains(&poisson) {
                return Err(WallError::Poisson { value: poisson, at: at() });
            }
        }
        Ok(())
    }
}
