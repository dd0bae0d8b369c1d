use carry_connector::{Manifest, Removal, Support};
use carry_model::Entity;

/// Every entity is spoken of once, every omission has a reason a person can read, limits make sense.
pub fn manifest(manifest: &Manifest) {
    assert!(
        !manifest.system.is_empty() && manifest.system.chars().all(|c| c.is_ascii_lowercase() || c == '-')
    );
    for entity in Entity::ALL {
        let lines = manifest.entities.iter().filter(|support| support.entity == *entity).count();
        assert!(lines <= 1, "{}: {entity} has {lines} lines", manifest.system);
        let support = manifest.entity(*entity);
        assert!(support.batch_size > 0, "{}: {entity} in batches of none", manifest.system);
        let removal = match support.remove {
            Removal::No(why) => Support::No(why),
            _ => Support::Yes,
        };
        for ability in [support.read, support.write, support.update, removal] {
            if let Support::No(why) = ability {
                assert!(why.len() > 3, "{}: {entity} lacks a reason", manifest.system);
            }
        }
        if support.update.is_yes() || removal.is_yes() {
            assert!(support.write.is_yes(), "{}: {entity} can be changed but not written", manifest.system);
        }
    }
    let limits = manifest.limits;
    for limit in [limits.per_second, limits.per_minute, limits.per_day, limits.in_flight] {
        assert_ne!(limit, Some(0), "{}: a limit of none", manifest.system);
    }
    assert!(limits.per_minute_of.iter().all(|(_, limit)| *limit > 0), "{}: a limit of none", manifest.system);
}
