//! What can go wrong with a request.

use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use serde_json::Value;

/// Makes one value of the request's parameters and another value.
pub type Rewrite = Arc<dyn Fn(&Value, Value) -> Value + Send + Sync>;

/// Which requests meet which fault.
#[derive(Clone)]
pub struct Rule {
    /// The method; `*` for all.
    pub method: &'static str,
    /// Which parameters; all if none.
    pub when: Option<fn(&Value) -> bool>,
    /// Which of the requests that fit, counted from 0 since the rule was armed.
    pub calls: Range<usize>,
    /// What happens to them.
    pub fault: Fault,
}

/// What happens to a request.
#[derive(Clone)]
pub enum Fault {
    /// The node never gets it; the answer is an HTTP status without a body.
    Status(u16),
    /// The node never gets it; the connection is reset.
    Reset,
    /// The node never gets it; there is no answer.
    Silence,
    /// The node never gets it; the answer is a JSON-RPC error.
    Error {
        /// Its code.
        code: i64,
        /// Its message.
        message: &'static str,
    },
    /// The node never gets it; the answer is no JSON.
    Garbage,
    /// The node never gets it; the answer, made of the parameters, looks like success.
    Swallowed(Rewrite),
    /// As [`Swallowed`](Self::Swallowed), and the node gets it after the next request of its method, or when the faults
    /// are lifted.
    Late(Rewrite),
    /// The node gets it; the answer breaks off in the middle.
    Truncated,
    /// The node gets it; there is no answer.
    Unheard,
    /// The node gets it; the connection is reset instead of an answer.
    Lost,
    /// The node gets it; the answer is a JSON-RPC error.
    Denied {
        /// Its code.
        code: i64,
        /// Its message.
        message: &'static str,
    },
    /// The node gets it twice; the answer is the second one's.
    Twice,
    /// The node is asked with other parameters, made of them and null.
    Ask(Rewrite),
    /// The node's result is replaced by another, made of the parameters and it.
    Answer(Rewrite),
}

impl Rule {
    /// A rule for every request of a method, for ever.
    pub fn always(method: &'static str, fault: Fault) -> Self {
        Self { method, when: None, calls: 0..usize::MAX, fault }
    }

    /// A rule for the next request of a method.
    pub fn once(method: &'static str, fault: Fault) -> Self {
        Self { calls: 0..1, ..Self::always(method, fault) }
    }

    /// The same rule, for these parameters alone.
    pub fn when(self, when: fn(&Value) -> bool) -> Self {
        Self { when: Some(when), ..self }
    }

    /// Whether a request fits, whatever its number.
    pub(super) fn fits(&self, method: &str, params: &Value) -> bool {
        (self.method == "*" || self.method == method) && self.when.is_none_or(|when| when(params))
    }
}

impl Fault {
    /// A result instead of the node's.
    pub fn answer(result: Value) -> Self {
        Self::Answer(Arc::new(move |_: &Value, _: Value| result.clone()))
    }
}

impl fmt::Debug for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Rule").field("method", &self.method).field("calls", &self.calls).finish_non_exhaustive()
    }
}
