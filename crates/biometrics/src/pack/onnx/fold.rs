//! Folding constants: `DequantizeLinear` and `Reshape` of initialisers become initialisers.

use super::wire::{Field, Message, Value};
use super::{MODEL_BYTES_MAX, OnnxError, number};
use std::borrow::Cow;
use std::collections::{HashMap, HashSet};

/// Data types of `TensorProto` (onnx.proto, enum DataType).
const FLOAT: u64 = 1;
const UINT8: u64 = 2;
const INT8: u64 = 3;
const INT64: u64 = 7;

/// A tensor has at most this many dimensions.
const RANK_MAX: usize = 8;

/// A constant that folding reads or makes.
pub(super) struct Tensor {
    pub(super) dims: Vec<usize>,
    pub(super) data: Data,
}

pub(super) enum Data {
    Float(Vec<f32>),
    Integer(Vec<i64>),
}

/// What is known while walking the graph.
struct Constants<'a> {
    /// Initialisers of the file by name, unread.
    in_file: HashMap<String, &'a [u8]>,
    /// Those made here, by name, in the order they were made.
    made: HashMap<String, Tensor>,
    order: Vec<String>,
    bytes_made: usize,
}

/// Returns the graph with its constant dequantisation done.
pub(super) fn fold<'a>(graph: &'a Message<'_>) -> Result<Message<'a>, OnnxError> {
    let mut constants = Constants::read(graph)?;
    let mut kept: HashSet<usize> = HashSet::new();
    let mut used: HashSet<String> = HashSet::new();
    for (at, field) in graph.fields.iter().enumerate() {
        let (number::GRAPH_NODE, Value::Bytes(bytes)) = (field.number, &field.value) else { continue };
        let node = Node::read(bytes)?;
        if !constants.fold_node(&node)? {
            kept.insert(at);
            used.extend(node.inputs);
        }
    }
    used.extend(names(graph, number::GRAPH_OUTPUT, number::VALUE_NAME)?);
    write(graph, &constants, &kept, &used)
}

/// Names of the graph's members of one kind (inputs, outputs, initialisers).
fn names(graph: &Message<'_>, member: u32, name: u32) -> Result<Vec<String>, OnnxError> {
    graph.all_bytes(member).map(|bytes| Ok(Message::parse(bytes, 0)?.text(name))).collect()
}

fn write<'a>(
    graph: &'a Message<'_>,
    constants: &Constants<'_>,
    kept: &HashSet<usize>,
    used: &HashSet<String>,
) -> Result<Message<'a>, OnnxError> {
    let mut out = Message::default();
    for (at, field) in graph.fields.iter().enumerate() {
        let keep = match (field.number, &field.value) {
            (number::GRAPH_NODE, _) => kept.contains(&at),
            // Shape annotations of values that are gone, or whose shape may now vary; optional by the standard.
            (number::GRAPH_VALUE_INFO, _) => false,
            (number::GRAPH_INITIALIZER, Value::Bytes(bytes)) => {
                used.contains(&Message::parse(bytes, 0)?.text(number::TENSOR_NAME))
            }
            // An input that names a weight only lets a caller override it, and stops constant folding.
            (number::GRAPH_INPUT, Value::Bytes(bytes)) => {
                let name = Message::parse(bytes, 0)?.text(number::VALUE_NAME);
                used.contains(&name) && !constants.in_file.contains_key(&name)
            }
            _ => true,
        };
        if keep {
            out.fields.push(borrow(field));
        }
    }
    for name in constants.order.iter().filter(|name| used.contains(*name)) {
        if let Some(tensor) = constants.made.get(name) {
            out.push_bytes(number::GRAPH_INITIALIZER, tensor.to_bytes(name)?);
        }
    }
    Ok(out)
}

pub(super) fn borrow<'a>(field: &'a Field<'_>) -> Field<'a> {
    let value = match &field.value {
        Value::Bytes(bytes) => Value::Bytes(Cow::Borrowed(bytes.as_ref())),
        Value::Varint(value) => Value::Varint(*value),
        Value::Fixed64(bytes) => Value::Fixed64(*bytes),
        Value::Fixed32(bytes) => Value::Fixed32(*bytes),
    };
    Field { number: field.number, value }
}

/// A node as folding sees it.
pub(super) struct Node {
    pub(super) operator: String,
    pub(super) inputs: Vec<String>,
    pub(super) outputs: Vec<String>,
    pub(super) integers: HashMap<String, i64>,
    pub(super) floats: HashMap<String, f32>,
}

impl Node {
    pub(super) fn read(bytes: &[u8]) -> Result<Self, OnnxError> {
        let node = Message::parse(bytes, 0)?;
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let (mut integers, mut floats) = (HashMap::new(), HashMap::new());
        for bytes in node.all_bytes(number::NODE_ATTRIBUTE) {
            let attribute = Message::parse(bytes, 0)?;
            let graphs = attribute.all_bytes(number::ATTRIBUTE_GRAPHS).next();
            if attribute.bytes(number::ATTRIBUTE_G).is_some() || graphs.is_some() {
                return Err(OnnxError::Unsupported("a node with a sub-graph".to_owned()));
            }
            if let Some(value) = attribute.varint(number::ATTRIBUTE_I) {
                integers.insert(attribute.text(number::ATTRIBUTE_NAME), value.cast_signed());
            }
            if let Some(value) = attribute.float(number::ATTRIBUTE_F) {
                floats.insert(attribute.text(number::ATTRIBUTE_NAME), value);
            }
        }
        let domain = node.text(number::NODE_DOMAIN);
        let operator = node.text(number::NODE_OP_TYPE);
        Ok(Self {
            // An operator of another domain is another operator, whatever its name.
            operator: if domain.is_empty() || domain == "ai.onnx" { operator } else { String::new() },
            inputs: node.all_bytes(number::NODE_INPUT).map(text).collect(),
            outputs: node.all_bytes(number::NODE_OUTPUT).map(text).collect(),
            integers,
            floats,
        })
    }

    pub(super) fn attribute(&self, name: &str, default: i64) -> i64 {
        self.integers.get(name).copied().unwrap_or(default)
    }

    pub(super) fn float(&self, name: &str, default: f32) -> f32 {
        self.floats.get(name).copied().unwrap_or(default)
    }
}

impl<'a> Constants<'a> {
    fn read(graph: &'a Message<'_>) -> Result<Self, OnnxError> {
        let mut in_file = HashMap::new();
        for bytes in graph.all_bytes(number::GRAPH_INITIALIZER) {
            in_file.insert(Message::parse(bytes, 0)?.text(number::TENSOR_NAME), bytes);
        }
        Ok(Self { in_file, made: HashMap::new(), order: Vec::new(), bytes_made: 0 })
    }

    fn has(&self, name: &str) -> bool {
        self.made.contains_key(name) || self.in_file.contains_key(name)
    }

    /// The constant of that name, if there is one that folding can read.
    fn get(&self, name: &str) -> Result<Option<Cow<'_, Tensor>>, OnnxError> {
        if let Some(tensor) = self.made.get(name) {
            return Ok(Some(Cow::Borrowed(tensor)));
        }
        self.in_file.get(name).map(|bytes| Tensor::read(name, bytes).map(Cow::Owned)).transpose()
    }

    /// Folds the node if it is one to fold; says whether it did.
    fn fold_node(&mut self, node: &Node) -> Result<bool, OnnxError> {
        let [output] = node.outputs.as_slice() else { return Ok(false) };
        let tensor = match node.operator.as_str() {
            "DequantizeLinear" if node.inputs.iter().all(|name| name.is_empty() || self.has(name)) => {
                self.dequantise(node)?
            }
            // Only what was dequantised here: other constants of the model are left as they were.
            "Reshape" if node.inputs.len() == 2 && self.made.contains_key(&node.inputs[0]) => {
                match self.reshape(node)? {
                    Some(tensor) => tensor,
                    None => return Ok(false),
                }
            }
            _ => return Ok(false),
        };
        self.bytes_made = self.bytes_made.saturating_add(tensor.len().saturating_mul(4));
        // Both the dequantised tensor and its reshaped twin are counted.
        if self.bytes_made > 2 * MODEL_BYTES_MAX {
            return Err(OnnxError::TooLarge);
        }
        self.order.push(output.clone());
        self.made.insert(output.clone(), tensor);
        Ok(true)
    }

    /// y = (x - zero_point) * scale (ONNX operator DequantizeLinear, opset 21).
    fn dequantise(&self, node: &Node) -> Result<Tensor, OnnxError> {
        let name = node.inputs.first().cloned().unwrap_or_default();
        let wrong = |expected| OnnxError::Tensor { tensor: name.clone(), expected };
        let operand = |at: usize| match node.inputs.get(at).filter(|name| !name.is_empty()) {
            Some(name) => self.get(name),
            None => Ok(None),
        };
        let (Some(x), Some(scale)) = (operand(0)?, operand(1)?) else {
            return Err(wrong("a quantised tensor and its scales"));
        };
        let zero_point = operand(2)?;
        let (Data::Integer(values), Data::Float(scales)) = (&x.data, &scale.data) else {
            return Err(wrong("8-bit integers with 32-bit float scales"));
        };
        let zeros = match zero_point.as_deref() {
            None => None,
            Some(Tensor { dims, data: Data::Integer(zeros) }) if *dims == scale.dims => Some(zeros),
            Some(_) => return Err(wrong("zero points of the same shape as the scales")),
        };
        let layout = Layout::new(node, &x.dims, &scale.dims)
            .ok_or_else(|| wrong("scales per tensor, per axis or per block of the axis"))?;
        let floats = values.iter().enumerate().map(|(at, &value)| {
            let scale_at = layout.scale_of(at);
            let zero = zeros.map_or(0, |zeros| zeros[scale_at]);
            // 8-bit integers and their differences are exact in f32.
            (value - zero) as f32 * scales[scale_at]
        });
        Ok(Tensor { dims: x.dims.clone(), data: Data::Float(floats.collect()) })
    }

    fn reshape(&self, node: &Node) -> Result<Option<Tensor>, OnnxError> {
        let Some(shape) = self.get(&node.inputs[1])? else { return Ok(None) };
        let Some(Tensor { data: Data::Float(values), .. }) = self.made.get(&node.inputs[0]) else {
            return Ok(None);
        };
        let name = &node.inputs[0];
        let wrong = |expected| OnnxError::Tensor { tensor: name.clone(), expected };
        let Data::Integer(shape) = &shape.data else { return Err(wrong("a shape of integers")) };
        // -1 (infer) and 0 (copy) do not occur for weights; such a node stays in the graph.
        if shape.iter().any(|&dim| dim < 1) || shape.len() > RANK_MAX {
            return Ok(None);
        }
        let dims: Vec<usize> = shape.iter().filter_map(|&dim| usize::try_from(dim).ok()).collect();
        if elements(&dims) != Some(values.len()) {
            return Err(wrong("as many elements as its new shape has"));
        }
        Ok(Some(Tensor { dims, data: Data::Float(values.clone()) }))
    }
}

/// Where the scale of an element is found.
enum Layout {
    PerTensor,
    PerAxis { inner: usize, axis_length: usize },
    Blocked { inner: usize, axis_length: usize, block: usize, blocks: usize },
}

impl Layout {
    /// `None` when the shapes do not fit each other.
    fn new(node: &Node, dims: &[usize], scale_dims: &[usize]) -> Option<Self> {
        if elements(scale_dims)? == 1 && scale_dims.len() <= 1 {
            return Some(Self::PerTensor);
        }
        let rank = i64::try_from(dims.len()).ok()?;
        let axis = node.attribute("axis", 1);
        let axis = usize::try_from(if axis < 0 { axis.checked_add(rank)? } else { axis }).ok()?;
        let axis_length = *dims.get(axis)?;
        let inner = elements(&dims[axis + 1..])?;
        let block = usize::try_from(node.attribute("block_size", 0)).ok()?;
        if block == 0 {
            let per_axis = scale_dims.len() == 1 && scale_dims[0] == axis_length;
            return per_axis.then_some(Self::PerAxis { inner, axis_length });
        }
        let blocks = axis_length.div_ceil(block);
        let same = dims.len() == scale_dims.len()
            && dims.iter().zip(scale_dims).enumerate().all(|(at, (dim, scale_dim))| {
                if at == axis { *scale_dim == blocks } else { dim == scale_dim }
            });
        same.then_some(Self::Blocked { inner, axis_length, block, blocks })
    }

    fn scale_of(&self, at: usize) -> usize {
        match *self {
            Self::PerTensor => 0,
            Self::PerAxis { inner, axis_length } => (at / inner) % axis_length,
            Self::Blocked { inner, axis_length, block, blocks } => {
                let (outer, rest) = (at / (axis_length * inner), at % (axis_length * inner));
                (outer * blocks + rest / inner / block) * inner + rest % inner
            }
        }
    }
}

/// The product of the dimensions, if it is at all possible.
fn elements(dims: &[usize]) -> Option<usize> {
    dims.iter()
        .try_fold(1_usize, |product, &dim| product.checked_mul(dim))
        .filter(|&count| count <= MODEL_BYTES_MAX / 4)
}

impl Clone for Tensor {
    fn clone(&self) -> Self {
        let data = match &self.data {
            Data::Float(values) => Data::Float(values.clone()),
            Data::Integer(values) => Data::Integer(values.clone()),
        };
        Self { dims: self.dims.clone(), data }
    }
}

impl Tensor {
    fn len(&self) -> usize {
        match &self.data {
            Data::Float(values) => values.len(),
            Data::Integer(values) => values.len(),
        }
    }

    /// Whether the bytes of a `TensorProto` say that it holds 32-bit floats.
    pub(super) fn is_float(bytes: &[u8]) -> Result<bool, OnnxError> {
        Ok(Message::parse(bytes, 0)?.varint(number::TENSOR_DATA_TYPE) == Some(FLOAT))
    }

    pub(super) fn read(name: &str, bytes: &[u8]) -> Result<Self, OnnxError> {
        let wrong = |expected| OnnxError::Tensor { tensor: name.to_owned(), expected };
        let tensor = Message::parse(bytes, 0)?;
        if tensor.varint(number::TENSOR_DATA_LOCATION).unwrap_or(0) != 0 {
            return Err(OnnxError::Unsupported(format!("tensor {name:?} in an external file")));
        }
        let dims: Option<Vec<usize>> =
            tensor.integers(number::TENSOR_DIMS)?.into_iter().map(|dim| usize::try_from(dim).ok()).collect();
        let dims = dims.filter(|dims| dims.len() <= RANK_MAX).ok_or_else(|| wrong("at most 8 dimensions"))?;
        let count = elements(&dims).ok_or_else(|| wrong("a size that fits in memory"))?;
        let raw = tensor.bytes(number::TENSOR_RAW_DATA);
        let data = match (tensor.varint(number::TENSOR_DATA_TYPE), raw) {
            (Some(INT8), Some(raw)) => {
                Data::Integer(raw.iter().map(|&byte| i64::from(byte.cast_signed())).collect())
            }
            (Some(UINT8), Some(raw)) => Data::Integer(raw.iter().map(|&byte| i64::from(byte)).collect()),
            (Some(INT64), Some(raw)) => {
                let words = raw.as_chunks::<8>();
                Data::Integer(words.0.iter().map(|word| i64::from_le_bytes(*word)).collect())
            }
            (Some(FLOAT), Some(raw)) => {
                Data::Float(raw.as_chunks::<4>().0.iter().map(|word| f32::from_le_bytes(*word)).collect())
            }
            (Some(INT8 | UINT8), None) => Data::Integer(narrow(name, &tensor)?),
            (Some(INT64), None) => Data::Integer(tensor.integers(number::TENSOR_INT64_DATA)?),
            (Some(FLOAT), None) => {
                let packed = tensor.bytes(number::TENSOR_FLOAT_DATA).unwrap_or_default();
                Data::Float(packed.as_chunks::<4>().0.iter().map(|word| f32::from_le_bytes(*word)).collect())
            }
            _ => return Err(OnnxError::Unsupported(format!("the data type of tensor {name:?}"))),
        };
        let tensor = Self { dims, data };
        if tensor.len() == count { Ok(tensor) } else { Err(wrong("as much data as its shape says")) }
    }

    /// The bytes of a `TensorProto` of 32-bit floats.
    pub(super) fn to_bytes(&self, name: &str) -> Result<Vec<u8>, OnnxError> {
        let Data::Float(values) = &self.data else {
            return Err(OnnxError::Tensor { tensor: name.to_owned(), expected: "32-bit floats" });
        };
        let mut tensor = Message::default();
        for &dim in &self.dims {
            tensor.push(number::TENSOR_DIMS, Value::Varint(dim as u64));
        }
        tensor.push(number::TENSOR_DATA_TYPE, Value::Varint(FLOAT));
        tensor.push_bytes(number::TENSOR_NAME, name.as_bytes().to_vec());
        tensor.push_bytes(
            number::TENSOR_RAW_DATA,
            values.iter().flat_map(|value| value.to_le_bytes()).collect(),
        );
        Ok(tensor.to_bytes())
    }
}

/// 8-bit integers stored one per varint (`int32_data`); values outside the type are refused.
fn narrow(name: &str, tensor: &Message<'_>) -> Result<Vec<i64>, OnnxError> {
    let values = tensor.integers(number::TENSOR_INT32_DATA)?;
    if values.iter().all(|value| (-128..=255).contains(value)) {
        return Ok(values);
    }
    Err(OnnxError::Tensor { tensor: name.to_owned(), expected: "8-bit integers" })
}
