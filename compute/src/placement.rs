//! Which execution provider ONNX Runtime gave each operator of a loaded model to.
//!
//! A provider that is registered promises nothing: what it has no kernel for goes to the CPU without a word.
#![allow(unsafe_code)] // the binding has no safe form of these calls

use std::{
    ffi::{CStr, c_char},
    ptr, slice,
};

use ort::{
    AsPointer,
    session::{Session as Model, builder::SessionBuilder},
    sys,
};

/// An operator of a loaded model.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Operator {
    /// ONNX Runtime's name of the provider that runs it.
    pub(crate) provider: String,
    /// Its type, such as `MatMul`.
    pub(crate) kind: String,
}

/// Makes the session remember what [`operators`] reads.
pub(crate) fn recorded(builder: SessionBuilder) -> ort::Result<SessionBuilder> {
    Ok(builder.with_config_entry("session.record_ep_graph_assignment_info", "1")?)
}

/// All operators of a model whose builder was [`recorded`].
pub(crate) fn operators(model: &Model) -> ort::Result<Vec<Operator>> {
    let api = ort::api();
    let mut found = vec![];
    // SAFETY: the model is alive, and what these calls hand out belongs to it; every pointer is read before the call
    // returns, after the call that filled it succeeded.
    unsafe {
        let (mut graphs, mut count) = (ptr::null(), 0);
        done((api.Session_GetEpGraphAssignmentInfo)(model.ptr(), &mut graphs, &mut count))?;
        for &graph in items(graphs, count) {
            let mut name = ptr::null();
            done((api.EpAssignedSubgraph_GetEpName)(graph, &mut name))?;
            let provider = text(name);
            let (mut nodes, mut count) = (ptr::null(), 0);
            done((api.EpAssignedSubgraph_GetNodes)(graph, &mut nodes, &mut count))?;
            for &node in items(nodes, count) {
                let mut name = ptr::null();
                done((api.EpAssignedNode_GetOperatorType)(node, &mut name))?;
                found.push(Operator { provider: provider.clone(), kind: text(name) });
            }
        }
    }
    Ok(found)
}

unsafe fn done(status: sys::OrtStatusPtr) -> ort::Result<()> {
    unsafe { ort::Error::result_from_status(status) }
}

unsafe fn items<'a, T>(first: *const *const T, count: usize) -> &'a [*const T] {
    if first.is_null() { &[] } else { unsafe { slice::from_raw_parts(first, count) } }
}

unsafe fn text(name: *const c_char) -> String {
    if name.is_null() { String::new() } else { unsafe { CStr::from_ptr(name) }.to_string_lossy().into_owned() }
}
