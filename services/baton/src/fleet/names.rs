//! What operators call things on the command line.

use baton_model::{Generation, InstanceId, ShardKey, ShardNumber};

use super::Look;
use crate::Failure;

/// So many digits at least say that an id is meant. What is shorter is a name: one that is not
/// known yet must not be taken for the id of somebody else.
const SHORTEST: usize = 4;

/// Finds what is meant.
pub(crate) trait Find {
    /// The instance that is meant by a name, or by the beginning of an id.
    fn find_instance(&self, text: &str) -> Result<InstanceId, Failure>;

    /// The shard that is meant by `7`, `mybot/7` or `mybot/0.7`.
    fn find_shard(&self, text: &str) -> Result<ShardKey, Failure>;

    /// What to say of an app that is not there.
    fn no_such_app(&self, app: &str) -> Failure;
}

impl Find for Look {
    fn find_instance(&self, text: &str) -> Result<InstanceId, Failure> {
        let names: Vec<_> = self.instances.iter().map(|(id, it)| (*id, it.name())).collect();
        let found = meant(text, &names);
        match found.as_slice() {
            [id] => Ok(*id),
            [] => Err(Failure::NotFound(format!(
                "there is no instance {text:?}; `baton instance ls` lists them"
            ))),
            many => {
                let many: Vec<_> = many.iter().map(ToString::to_string).collect();
                let many = many.join(", ");
                Err(Failure::Usage(format!("{text:?} may be each of {many}; say more of its id")))
            }
        }
    }

    fn find_shard(&self, text: &str) -> Result<ShardKey, Failure> {
        let wrong =
            || Failure::Usage(format!("{text:?} is no shard; expected 7, mybot/7 or mybot/0.7"));
        let (app, rest) = match text.split_once('/') {
            Some((app, rest)) => (Some(app), rest),
            None => (None, text),
        };
        let app = match app {
            Some(app) => app.parse().map_err(|_| wrong())?,
            None if self.apps.len() > 1 => {
                return Err(Failure::Usage(format!(
                    "the fleet runs {} apps; say which, as in mybot/{rest}",
                    self.apps.len()
                )));
            }
            None => match self.apps.keys().next() {
                Some(app) => app.clone(),
                None => return Err(Failure::NotFound("the fleet runs no app".to_owned())),
            },
        };
        let shape = self.apps.get(&app).ok_or_else(|| self.no_such_app(app.as_str()))?;
        let (generation, number) = match rest.split_once('.') {
            Some((generation, number)) => {
                (Generation(generation.parse().map_err(|_| wrong())?), number)
            }
            None => (shape.generation, rest),
        };
        let number = ShardNumber(number.parse().map_err(|_| wrong())?);
        let shard = ShardKey { app, generation, number };
        if !self.shards.contains_key(&shard) {
            return Err(Failure::NotFound(format!(
                "there is no shard {shard}; {} has shards 0 to {} of generation {}",
                shard.app,
                shape.shards.0.get() - 1,
                shape.generation
            )));
        }
        Ok(shard)
    }

    fn no_such_app(&self, app: &str) -> Failure {
        let known: Vec<_> = self.apps.keys().map(ToString::to_string).collect();
        let known = if known.is_empty() { "none".to_owned() } else { known.join(", ") };
        Failure::NotFound(format!("there is no app {app:?}; the fleet runs: {known}"))
    }
}

/// Whoever is called so, else whose id begins so.
fn meant(text: &str, names: &[(InstanceId, String)]) -> Vec<InstanceId> {
    let ids_where = |is_meant: &dyn Fn(&(InstanceId, String)) -> bool| -> Vec<InstanceId> {
        names.iter().filter(|known| is_meant(known)).map(|(id, _)| *id).collect()
    };
    let named = ids_where(&|(_, name)| name == text);
    if !named.is_empty() || text.len() < SHORTEST {
        return named;
    }
    let lower = text.to_ascii_lowercase();
    ids_where(&|(id, _)| id.to_string().starts_with(&lower))
}

#[cfg(test)]
mod tests {
    use super::*;

    const F: InstanceId = InstanceId::new(0xf184_a163 << 96);
    const CAFE: InstanceId = InstanceId::new(0xcafe_0001 << 96);

    fn of(text: &str) -> Vec<InstanceId> {
        meant(text, &[(F, "cafe".to_owned()), (CAFE, "b".to_owned())])
    }

    #[test]
    fn a_name_comes_before_the_beginning_of_an_id() {
        assert_eq!(of("cafe"), [F]);
        assert_eq!(of("CAFE0"), [CAFE]);
        assert_eq!(of("b"), [CAFE]);
    }

    #[test]
    fn a_name_that_is_not_known_yet_is_nobodys_id() {
        assert_eq!(of("f"), []);
        assert_eq!(of("f18"), []);
        assert_eq!(of("f184"), [F]);
    }
}
