//! Enums whose variants have a name for the config file and texts for the screen.

/// Defines an enum with `ALL`, `name`, `named`, `title` and `description`. A variant is written as
/// `Variant: "name" | "alias", "title", "description";`.
#[macro_export]
macro_rules! named_enum {
    ($(#[$meta:meta])* pub enum $kind:ident {
        $($(#[$attribute:meta])* $variant:ident: $name:literal $(| $alias:literal)*, $title:literal, $description:literal;)+
    }) => {
        $(#[$meta])*
        pub enum $kind {
            $($(#[$attribute])* $variant,)+
        }

        impl $kind {
            /// All values, in the order of their definition.
            pub const ALL: &[Self] = &[$(Self::$variant,)+];

            /// Returns the name used on the command line and in the config file.
            pub fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)+ }
            }

            /// Returns the value with a name or alias.
            pub fn named(name: &str) -> Option<Self> {
                match name { $($name $(| $alias)* => Some(Self::$variant),)+ _ => None }
            }

            /// Returns the title.
            pub fn title(self) -> &'static str {
                match self { $(Self::$variant => $title,)+ }
            }

            /// Returns the description shown in menus.
            pub fn description(self) -> &'static str {
                match self { $(Self::$variant => $description,)+ }
            }
        }
    };
}

/// Converts a variant name to the form of key maps and themes: `PageUp` to `page-up`.
pub fn kebab(name: &str) -> String {
    let mut kebab = String::with_capacity(name.len() + 2);
    for character in name.chars() {
        if character.is_uppercase() && !kebab.is_empty() {
            kebab.push('-');
        }
        kebab.extend(character.to_lowercase());
    }
    kebab
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_written_with_hyphens() {
        assert_eq!(kebab("PageUp"), "page-up");
        assert_eq!(kebab("Up"), "up");
    }
}
