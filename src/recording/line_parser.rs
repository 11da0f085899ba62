//! Reads a line in one pass. A flattened enum would collect all values of a line before it reads them.

use std::{cell::Cell, fmt};

use serde::{
    Deserialize, Deserializer,
    de::{
        DeserializeSeed, EnumAccess, Error, IgnoredAny, IntoDeserializer, MapAccess, VariantAccess,
        Visitor,
    },
    forward_to_deserialize_any,
};

use super::{Entry, Line};

impl<'de> Deserialize<'de> for Line {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(LineVisitor)
    }
}

struct LineVisitor;

impl<'de> Visitor<'de> for LineVisitor {
    type Value = Line;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a line of a record")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Line, A::Error> {
        let (mut t, mut vc, mut entry) = (None, 0, None);
        while let Some(name) = map.next_key::<String>()? {
            match &*name {
                "t" => t = Some(map.next_value()?),
                "vc" => vc = map.next_value()?,
                name => entry = map.next_value_seed(EntrySeed(name))?.or(entry),
            }
        }
        Ok(Line {
            t: t.ok_or_else(|| A::Error::missing_field("t"))?,
            vc,
            entry: entry.ok_or_else(|| A::Error::custom("no entry of a known type"))?,
        })
    }
}

/// Reads the entry of a name; `None` if it is not known.
struct EntrySeed<'a>(&'a str);

impl<'de> DeserializeSeed<'de> for EntrySeed<'_> {
    type Value = Option<Entry>;

    fn deserialize<D: Deserializer<'de>>(self, value: D) -> Result<Self::Value, D::Error> {
        let is_known = Cell::new(true);
        let name = self.0;
        let read = Entry::deserialize(NamedValue {
            name,
            value,
            is_known: &is_known,
        });
        match read {
            Err(_) if !is_known.get() => Ok(None),
            read => read.map(Some),
        }
    }
}

/// A variant of [`Entry`] whose name has been read.
struct NamedValue<'a, D> {
    name: &'a str,
    value: D,
    /// Set to false, and the value skipped, if there is no such variant.
    is_known: &'a Cell<bool>,
}

impl<'de, D: Deserializer<'de>> Deserializer<'de> for NamedValue<'_, D> {
    type Error = D::Error;

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, D::Error> {
        if variants.contains(&self.name) {
            return visitor.visit_enum(self);
        }
        self.is_known.set(false);
        IgnoredAny::deserialize(self.value)?;
        Err(D::Error::unknown_variant(self.name, variants))
    }

    fn deserialize_any<V: Visitor<'de>>(self, _: V) -> Result<V::Value, D::Error> {
        Err(D::Error::custom("only entries are read"))
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit unit_struct
        newtype_struct seq tuple tuple_struct map struct identifier ignored_any
    }
}

impl<'de, D: Deserializer<'de>> EnumAccess<'de> for NamedValue<'_, D> {
    type Error = D::Error;
    type Variant = Content<D>;

    fn variant_seed<S: DeserializeSeed<'de>>(
        self,
        seed: S,
    ) -> Result<(S::Value, Content<D>), D::Error> {
        let variant = seed.deserialize(self.name.into_deserializer())?;
        Ok((variant, Content(self.value)))
    }
}

/// The content of a variant.
struct Content<D>(D);

impl<'de, D: Deserializer<'de>> VariantAccess<'de> for Content<D> {
    type Error = D::Error;

    fn unit_variant(self) -> Result<(), D::Error> {
        IgnoredAny::deserialize(self.0).map(drop)
    }

    fn newtype_variant_seed<S: DeserializeSeed<'de>>(self, seed: S) -> Result<S::Value, D::Error> {
        seed.deserialize(self.0)
    }

    fn tuple_variant<V: Visitor<'de>>(
        self,
        length: usize,
        visitor: V,
    ) -> Result<V::Value, D::Error> {
        self.0.deserialize_tuple(length, visitor)
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, D::Error> {
        self.0.deserialize_struct("", fields, visitor)
    }
}
