//! Rewriting ONNX files at fetch time, so that ONNX Runtime finds plain 32-bit weights.
//!
//! The OpenCV Zoo's `int8bq` files hold block-quantised weights (opset 21): `DequantizeLinear(block_size)`
//! then `Reshape` in front of every convolution. ONNX Runtime 1.32 refuses them as they are: the tensors
//! with a single scale carry a `block_size` too (it must be 0 there), and SFace lists its removed weights as
//! required inputs. [`dequantise`] computes these weights once, with the arithmetic of the operator's
//! definition, and writes them as initialisers (`fold`); [`convert`] then spares ONNX Runtime the operators for which it
//! has no fast kernel (`lighten`: SFace takes less than half the time). The result is the same for the same input,
//! byte for byte, so its hash can be pinned.
//!
//! Input is hostile until shown otherwise: sizes are bounded, nothing recurses, nothing panics.

mod fold;
mod lighten;
mod wire;

#[cfg(test)]
mod proof;
#[cfg(test)]
mod tests;

use wire::{Message, Value};

/// A model file has at most this many bytes (256 MiB), before and after.
pub const MODEL_BYTES_MAX: usize = 256 << 20;

/// Why an ONNX file could not be rewritten.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OnnxError {
    /// Not the protobuf wire format.
    #[error("at byte {offset}: expected {expected}")]
    Wire {
        /// From the beginning of the file.
        offset: usize,
        /// What should be there.
        expected: &'static str,
    },
    /// Larger than [`MODEL_BYTES_MAX`], or would be once converted.
    #[error("the model has or would have more than {MODEL_BYTES_MAX} bytes")]
    TooLarge,
    /// A tensor whose data does not fit its shape, and the like.
    #[error("tensor {tensor:?}: expected {expected}")]
    Tensor {
        /// Its name in the graph.
        tensor: String,
        /// What should be there.
        expected: &'static str,
    },
    /// Correct ONNX of a kind this code has no reason to support.
    #[error("{0} is not supported; convert the model with the tool that made it")]
    Unsupported(String),
}

/// What else [`dequantise`] and [`convert`] should do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Rewrite {
    /// Frees height and width: the first input `[N, C, H, W]` gets symbolic H and W, and every output's second
    /// dimension (cells per stride) becomes symbolic. For detectors whose graph was exported at one size but is
    /// fully convolutional.
    pub dynamic_height_width: bool,
    /// Frees the batch: the first dimension of the first input and of every output becomes symbolic. For networks
    /// in which nothing but the exported shape fixes it.
    pub dynamic_batch: bool,
}

/// Field numbers of the ONNX messages in use (onnx.proto, IR version 6 to 10).
mod number {
    pub(super) const MODEL_GRAPH: u32 = 7;
    pub(super) const GRAPH_NODE: u32 = 1;
    pub(super) const GRAPH_INITIALIZER: u32 = 5;
    pub(super) const GRAPH_INPUT: u32 = 11;
    pub(super) const GRAPH_OUTPUT: u32 = 12;
    pub(super) const GRAPH_VALUE_INFO: u32 = 13;
    pub(super) const NODE_INPUT: u32 = 1;
    pub(super) const NODE_OUTPUT: u32 = 2;
    pub(super) const NODE_OP_TYPE: u32 = 4;
    pub(super) const NODE_ATTRIBUTE: u32 = 5;
    pub(super) const NODE_DOMAIN: u32 = 7;
    pub(super) const ATTRIBUTE_NAME: u32 = 1;
    pub(super) const ATTRIBUTE_F: u32 = 2;
    pub(super) const ATTRIBUTE_I: u32 = 3;
    pub(super) const ATTRIBUTE_G: u32 = 6;
    pub(super) const ATTRIBUTE_GRAPHS: u32 = 11;
    pub(super) const ATTRIBUTE_TYPE: u32 = 20;
    pub(super) const ATTRIBUTE_TYPE_INT: u64 = 2;
    pub(super) const TENSOR_DIMS: u32 = 1;
    pub(super) const TENSOR_DATA_TYPE: u32 = 2;
    pub(super) const TENSOR_FLOAT_DATA: u32 = 4;
    pub(super) const TENSOR_INT32_DATA: u32 = 5;
    pub(super) const TENSOR_INT64_DATA: u32 = 7;
    pub(super) const TENSOR_NAME: u32 = 8;
    pub(super) const TENSOR_RAW_DATA: u32 = 9;
    pub(super) const TENSOR_DATA_LOCATION: u32 = 14;
    pub(super) const VALUE_NAME: u32 = 1;
    pub(super) const VALUE_TYPE: u32 = 2;
    pub(super) const TYPE_TENSOR: u32 = 1;
    pub(super) const TENSOR_TYPE_SHAPE: u32 = 2;
    pub(super) const SHAPE_DIM: u32 = 1;
    pub(super) const DIM_PARAM: u32 = 2;
}

/// What a pack holds: the model [dequantised](dequantise), then `BatchNormalization` put into the weights before
/// it and `PRelu` replaced by what ONNX Runtime is fast at, where that changes nothing but rounding.
///
/// # Errors
/// As [`dequantise`].
pub fn convert(model: &[u8], rewrite: Rewrite) -> Result<Vec<u8>, OnnxError> {
    change(model, rewrite, true)
}

/// Replaces every `DequantizeLinear` of constants, and every `Reshape` of such, by an f32 initialiser; drops
/// what is then unused, the stale shape annotations, and inputs that are really weights.
///
/// A file without such nodes comes back equal but for the dropped annotations.
///
/// # Errors
/// [`OnnxError`] when `model` is no ONNX file, is too large, or uses what this code does not support (tensors
/// in external files, sub-graphs).
pub fn dequantise(model: &[u8], rewrite: Rewrite) -> Result<Vec<u8>, OnnxError> {
    change(model, rewrite, false)
}

fn change(model: &[u8], rewrite: Rewrite, lighten: bool) -> Result<Vec<u8>, OnnxError> {
    if model.len() > MODEL_BYTES_MAX {
        return Err(OnnxError::TooLarge);
    }
    let mut top = Message::parse(model, 0)?;
    let Some(graph_bytes) = top.bytes(number::MODEL_GRAPH) else {
        return Err(OnnxError::Unsupported("a file without a graph".to_owned()));
    };
    let base = graph_bytes.as_ptr().addr() - model.as_ptr().addr();
    let graph_bytes = graph_bytes.to_vec();
    let as_read = Message::parse(&graph_bytes, base)?;
    let plain = fold::fold(&as_read)?;
    let mut graph = if lighten { lighten::lighten(&plain)? } else { plain.clone() };
    if rewrite.dynamic_height_width {
        free_height_and_width(&mut graph)?;
    }
    if rewrite.dynamic_batch {
        free_batch(&mut graph)?;
    }
    top.replace_bytes(number::MODEL_GRAPH, graph.to_bytes());
    let out = top.to_bytes();
    if out.len() > MODEL_BYTES_MAX { Err(OnnxError::TooLarge) } else { Ok(out) }
}

/// Makes H and W of the first input, and the cell count of every output, symbolic.
fn free_height_and_width(graph: &mut Message<'_>) -> Result<(), OnnxError> {
    let mut seen_input = false;
    for field in &mut graph.fields {
        let Value::Bytes(bytes) = &mut field.value else { continue };
        let changed = match field.number {
            number::GRAPH_INPUT if !seen_input => {
                seen_input = true;
                name_dimensions(bytes, &[(2, "height"), (3, "width")])?
            }
            number::GRAPH_OUTPUT => {
                let name = Message::parse(bytes, 0)?.text(number::VALUE_NAME);
                let stride = name.rsplit('_').next().unwrap_or_default().to_owned();
                name_dimensions(bytes, &[(1, &format!("cells_{stride}"))])?
            }
            _ => continue,
        };
        *bytes = changed.into();
    }
    Ok(())
}

/// Makes N of the first input and of every output symbolic.
fn free_batch(graph: &mut Message<'_>) -> Result<(), OnnxError> {
    let mut seen_input = false;
    for field in &mut graph.fields {
        let Value::Bytes(bytes) = &mut field.value else { continue };
        match field.number {
            number::GRAPH_INPUT if !seen_input => seen_input = true,
            number::GRAPH_OUTPUT => {}
            _ => continue,
        }
        *bytes = name_dimensions(bytes, &[(0, "batch")])?.into();
    }
    Ok(())
}

/// Rewrites a `ValueInfoProto`: the dimensions at these indexes get these symbolic names.
fn name_dimensions(value_info: &[u8], names: &[(usize, &str)]) -> Result<Vec<u8>, OnnxError> {
    let mut info = Message::parse(value_info, 0)?;
    let name = info.text(number::VALUE_NAME);
    let missing = |expected| OnnxError::Tensor { tensor: name.clone(), expected };
    let mut kind = Message::parse(info.bytes(number::VALUE_TYPE).unwrap_or_default(), 0)?;
    let mut tensor = Message::parse(kind.bytes(number::TYPE_TENSOR).unwrap_or_default(), 0)?;
    let mut shape = Message::parse(tensor.bytes(number::TENSOR_TYPE_SHAPE).unwrap_or_default(), 0)?;
    let mut named = 0;
    let dimensions = shape.fields.iter_mut().filter(|field| field.number == number::SHAPE_DIM);
    for (dimension, field) in dimensions.enumerate() {
        if let Some((_, symbol)) = names.iter().find(|(index, _)| *index == dimension) {
            let mut message = Message::default();
            message.push_bytes(number::DIM_PARAM, symbol.as_bytes().to_vec());
            field.value = Value::Bytes(message.to_bytes().into());
            named += 1;
        }
    }
    if named != names.len() {
        return Err(missing("a tensor shape with that many dimensions"));
    }
    let (shape, number_shape) = (shape.to_bytes(), number::TENSOR_TYPE_SHAPE);
    tensor.replace_bytes(number_shape, shape);
    let tensor = tensor.to_bytes();
    kind.replace_bytes(number::TYPE_TENSOR, tensor);
    let kind = kind.to_bytes();
    info.replace_bytes(number::VALUE_TYPE, kind);
    Ok(info.to_bytes())
}
