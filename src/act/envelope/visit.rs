//! Walks through an envelope: its own keys are kept, the payload goes to whoever wants it.

use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess};

use super::loose::{As, Plain, Scalar, Shape};
use super::{Envelope, Payload};

/// What to say of an `error` that says nothing.
const NO_MESSAGE: &str = "an error without a message";

/// An envelope: the whole answer, or that of one server.
pub(super) struct EnvelopeShape<'a, P> {
    payload: &'a mut P,
    of_server: bool,
}

impl<'a, P: Payload> EnvelopeShape<'a, P> {
    pub(super) fn new(payload: &'a mut P) -> Self {
        Self {
            payload,
            of_server: false,
        }
    }
}

impl<'de, P: Payload> Shape<'de> for EnvelopeShape<'_, P> {
    type Value = Envelope;

    fn scalar<E: Error>(self, _: Scalar) -> Result<Envelope, E> {
        Ok(Envelope::default())
    }

    fn object<A: MapAccess<'de>>(self, mut map: A) -> Result<Envelope, A::Error> {
        let mut envelope = Envelope::default();
        while let Some(key) = map.next_key::<String>()? {
            match key.as_str() {
                "ok" => {
                    let ok = map.next_value_seed(As(Plain))?;
                    if ok != Scalar::Null {
                        // Said twice, the worse word counts.
                        envelope.ok = Some(ok.is_true() && envelope.ok != Some(false));
                    }
                }
                "error" => {
                    let error = map.next_value_seed(As(Complaint))?;
                    envelope.error = envelope.error.or(error);
                }
                "message" => envelope.message = map.next_value_seed(As(Plain))?.text(),
                "response" => {
                    let payload = &mut *self.payload;
                    let of_server = self.of_server;
                    let body = map.next_value_seed(As(Body { payload, of_server }))?;
                    envelope.response |= body.response;
                    envelope.payload |= body.payload;
                    envelope.error = envelope.error.or(body.error);
                }
                key if key == self.payload.key() => {
                    envelope.payload |= map.next_value_seed(Take(&mut *self.payload))?;
                }
                _ => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(envelope)
    }
}

/// What is under `response`: the payload, or one envelope per server.
struct Body<'a, P> {
    payload: &'a mut P,
    of_server: bool,
}

impl<'de, P: Payload> Shape<'de> for Body<'_, P> {
    type Value = Envelope;

    fn scalar<E: Error>(self, scalar: Scalar) -> Result<Envelope, E> {
        Ok(Envelope {
            response: scalar != Scalar::Null,
            ..Envelope::default()
        })
    }

    fn object<A: MapAccess<'de>>(self, mut map: A) -> Result<Envelope, A::Error> {
        let mut body = Envelope {
            response: true,
            ..Envelope::default()
        };
        let (mut servers, mut with_payload) = (0_usize, 0_usize);
        while let Some(key) = map.next_key::<String>()? {
            if key == self.payload.key() {
                body.payload |= map.next_value_seed(Take(&mut *self.payload))?;
            } else if self.of_server {
                map.next_value::<IgnoredAny>()?;
            } else {
                let payload = &mut *self.payload;
                let of_server = true;
                let server = map.next_value_seed(As(EnvelopeShape { payload, of_server }))?;
                servers += usize::from(server.is_one());
                with_payload += usize::from(server.payload);
                let refusal = server.refusal().map(|said| format!("{key}: {said}"));
                body.error = body.error.or(refusal);
            }
        }
        body.payload |= servers > 0 && servers == with_payload;
        Ok(body)
    }
}

/// Hands a value to the payload.
struct Take<'a, P>(&'a mut P);

impl<'de, P: Payload> DeserializeSeed<'de> for Take<'_, P> {
    type Value = bool;

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<bool, D::Error> {
        self.0.take(from)
    }
}

/// The value of `error`: none if it is null, false or empty.
struct Complaint;

impl<'de> Shape<'de> for Complaint {
    type Value = Option<String>;

    fn scalar<E: Error>(self, scalar: Scalar) -> Result<Option<String>, E> {
        Ok(match scalar {
            Scalar::Null | Scalar::Truth(false) => None,
            Scalar::Text(text) if text.trim().is_empty() => None,
            Scalar::Text(text) => Some(text),
            Scalar::Number(_) | Scalar::Truth(true) | Scalar::Odd => Some(NO_MESSAGE.to_owned()),
        })
    }

    fn object<A: MapAccess<'de>>(self, mut map: A) -> Result<Option<String>, A::Error> {
        let (mut message, mut code) = (None, None);
        while let Some(key) = map.next_key::<String>()? {
            match key.as_str() {
                "message" => message = map.next_value_seed(As(Plain))?.text(),
                "code" => code = map.next_value_seed(As(Plain))?.text(),
                _ => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        let said = message.filter(|text| !text.trim().is_empty()).or(code);
        Ok(Some(said.unwrap_or_else(|| NO_MESSAGE.to_owned())))
    }
}
