//! Apps: what all instances of a fleet must agree on.

use std::future::Future;

use baton_model::{AppName, AppShape};

use crate::StoreError;

/// The shapes of the fleet's apps.
///
/// Durable, like a lease row. A store that was wiped has forgotten them: whoever runs an app
/// agrees again, to the shape it runs under, before it writes anything back.
pub trait Apps {
    /// Agrees on an app's shape. Of many that propose, at once or years apart, the first wins and
    /// all are told the shape that stands, which the caller must use whatever it has proposed.
    /// Repeating it changes nothing.
    fn agree_app(
        &self,
        app: &AppName,
        proposed: &AppShape,
    ) -> impl Future<Output = Result<AppShape, StoreError>> + Send;

    /// The shape that stands; none if nobody has proposed one yet.
    fn app_shape(
        &self,
        app: &AppName,
    ) -> impl Future<Output = Result<Option<AppShape>, StoreError>> + Send;

    /// All apps, ordered by name.
    fn apps(&self) -> impl Future<Output = Result<Vec<(AppName, AppShape)>, StoreError>> + Send;
}
