//! Notes whether the other side sent anything at all, be it HTTP or not.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use ureq::Error;
use ureq::unversioned::transport::{Buffers, ConnectionDetails, Connector, NextTimeout, Transport};

/// Whether bytes have come in, of any kind.
#[derive(Debug, Clone, Default)]
pub(crate) struct Ear(Arc<AtomicBool>);

impl Ear {
    /// Whether there were any so far.
    pub(crate) fn has_heard(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// A link in the chain of connectors, below TLS.
impl<In: Transport> Connector<In> for Ear {
    type Out = Line<In>;

    fn connect(
        &self,
        _: &ConnectionDetails<'_>,
        chained: Option<In>,
    ) -> Result<Option<Line<In>>, Error> {
        let ear = self.clone();
        Ok(chained.map(|inner| Line { inner, ear }))
    }
}

/// A connection that is listened to.
#[derive(Debug)]
pub(crate) struct Line<T> {
    inner: T,
    ear: Ear,
}

impl<T: Transport> Transport for Line<T> {
    fn buffers(&mut self) -> &mut dyn Buffers {
        self.inner.buffers()
    }

    fn transmit_output(&mut self, amount: usize, timeout: NextTimeout) -> Result<(), Error> {
        self.inner.transmit_output(amount, timeout)
    }

    fn await_input(&mut self, timeout: NextTimeout) -> Result<bool, Error> {
        let came = self.inner.await_input(timeout)?;
        if came {
            self.ear.0.store(true, Ordering::Relaxed);
        }
        Ok(came)
    }

    fn is_open(&mut self) -> bool {
        self.inner.is_open()
    }

    fn is_tls(&self) -> bool {
        self.inner.is_tls()
    }
}
