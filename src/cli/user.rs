//! Going on as another user: root opens the interfaces, nobody in particular reads what comes.

use caps::{CapSet, Capability};
use nix::errno::Errno;
use nix::unistd;

/// Whom to become.
#[derive(Clone, Debug)]
pub struct User {
    name: String,
    uid: unistd::Uid,
    gid: unistd::Gid,
}

/// Why the privileges could not be given up.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum UserError {
    /// There is none of that name.
    #[error("become {0}: there is no such user on this host")]
    Unknown(String),
    /// root is who we are already.
    #[error("become {0}: --user is for giving privileges up; name a user other than root")]
    Root(String),
    /// The system refused one of the steps.
    #[error("become {name}: {step}: {reason}; start as root, or leave out --user")]
    Refused {
        /// Whom to become.
        name: String,
        /// What was tried.
        step: &'static str,
        /// What the system said.
        reason: String,
    },
    /// Every step was taken, and a privilege is left.
    #[error("become {name}: {left}; nothing was read")]
    Left {
        /// Whom to become.
        name: String,
        /// What is left.
        left: String,
    },
}

impl User {
    /// The user with this name.
    pub fn named(name: &str) -> Result<User, UserError> {
        let found = unistd::User::from_name(name).ok().flatten();
        let user = found.ok_or_else(|| UserError::Unknown(name.to_owned()))?;
        if user.uid.is_root() {
            return Err(UserError::Root(name.to_owned()));
        }
        Ok(User { name: name.to_owned(), uid: user.uid, gid: user.gid })
    }

    /// Becomes this user: no further groups, no capability in any set, and none to be had from a
    /// program that is started (`no_new_privs`). Checked afterwards: there is no way back.
    pub fn become_for_good(&self) -> Result<(), UserError> {
        let step = |step: &'static str| move |e: Errno| self.refused(step, e.desc().to_owned());
        // What the bounding set holds could be had again; to shrink it takes a capability.
        let mut all: Vec<Capability> = caps::runtime::thread_all_supported().into_iter().collect();
        all.sort_by_key(Capability::index);
        for capability in all {
            self.drop_bound(capability)?;
        }
        unistd::setgroups(&[]).map_err(step("leave all groups"))?;
        unistd::setgid(self.gid).map_err(step("change the group"))?;
        unistd::setuid(self.uid).map_err(step("change the user"))?;
        for set in [CapSet::Ambient, CapSet::Effective, CapSet::Permitted, CapSet::Inheritable] {
            caps::clear(None, set)
                .map_err(|e| self.refused("give up the capabilities", e.to_string()))?;
        }
        rustix::thread::set_no_new_privs(true)
            .map_err(|e| self.refused("rule out new privileges", e.to_string()))?;
        self.check()
    }

    fn drop_bound(&self, capability: Capability) -> Result<(), UserError> {
        caps::drop(None, CapSet::Bounding, capability)
            .map_err(|e| self.refused("give up the capabilities", e.to_string()))
    }

    fn check(&self) -> Result<(), UserError> {
        let left = |left: String| Err(UserError::Left { name: self.name.clone(), left });
        if unistd::getuid() != self.uid || unistd::geteuid() != self.uid {
            return left(format!("the user is still {}", unistd::geteuid()));
        }
        if unistd::setuid(unistd::Uid::from_raw(0)).is_ok() {
            return left("the way back to root is open".to_owned());
        }
        for set in [CapSet::Effective, CapSet::Permitted, CapSet::Inheritable] {
            match caps::read(None, set) {
                Ok(none) if none.is_empty() => {}
                Ok(some) => return left(format!("{} capabilities in {set:?}", some.len())),
                Err(e) => return Err(self.refused("read the capabilities", e.to_string())),
            }
        }
        Ok(())
    }

    fn refused(&self, step: &'static str, reason: String) -> UserError {
        UserError::Refused { name: self.name.clone(), step, reason }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_becomes_root_or_someone_unknown() {
        let told = |name| User::named(name).unwrap_err().to_string();
        assert!(told("no-such-user-here").contains("no such user"));
        assert!(told("root").contains("other than root"));
        assert!(User::named("nobody").is_ok());
    }
}
