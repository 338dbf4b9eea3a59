//! Only the signals that the settings want stored.

use std::borrow::Cow;

use mahavishnu_pipeline::{Batch, ExportError, Exporter, Signal};

use crate::settings::MahavishnuSettings;

/// Gives an exporter the batches of some signals; those of others are done with at once.
#[derive(Debug)]
pub(crate) struct Selection<E> {
    exporter: E,
    wanted: Vec<Signal>,
}

impl<E: Exporter> Selection<E> {
    /// The signals that `settings` store.
    pub(crate) fn new(exporter: E, settings: &MahavishnuSettings) -> Self {
        let wanted = Signal::ALL.into_iter().filter(|signal| settings.stores(*signal)).collect();
        Self { exporter, wanted }
    }

    fn select<'a>(&self, batches: &'a [Batch]) -> Cow<'a, [Batch]> {
        let wanted = |batch: &Batch| self.wanted.contains(&batch.signal());
        if batches.iter().all(wanted) {
            return Cow::Borrowed(batches);
        }
        Cow::Owned(batches.iter().filter(|batch| wanted(batch)).cloned().collect())
    }
}

impl<E: Exporter> Exporter for Selection<E> {
    async fn export(&self, batches: &[Batch]) -> Result<(), ExportError> {
        let selected = self.select(batches);
        if selected.is_empty() {
            return Ok(());
        }
        self.exporter.export(&selected).await
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use bytes::Bytes;
    use mahavishnu_pipeline::check::check;

    use super::*;

    #[derive(Default)]
    struct Recorder(Mutex<Vec<Signal>>);

    impl Exporter for Recorder {
        async fn export(&self, batches: &[Batch]) -> Result<(), ExportError> {
            self.0.lock().unwrap().extend(batches.iter().map(Batch::signal));
            Ok(())
        }
    }

    #[tokio::test]
    async fn store_flags_say_what_goes_into_postgresql() {
        for (traces, metrics, logs) in
            [(true, true, true), (true, false, true), (false, false, true), (false, false, false)]
        {
            let settings = MahavishnuSettings {
                store_traces: traces,
                store_metrics: metrics,
                store_logs: logs,
                ..Default::default()
            };
            let selection = Selection::new(Recorder::default(), &settings);
            let batches = Signal::ALL.map(|signal| check(signal, Bytes::new()).unwrap().batch);
            selection.export(&batches).await.unwrap();
            let expected: Vec<Signal> =
                Signal::ALL.into_iter().filter(|signal| settings.stores(*signal)).collect();
            assert_eq!(*selection.exporter.0.lock().unwrap(), expected);
        }
    }
}
