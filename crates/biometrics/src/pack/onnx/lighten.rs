//! The same function in fewer and cheaper steps.
//!
//! ONNX Runtime keeps a network of convolutions in a blocked layout that suits the processor, until it meets an
//! operator that has no kernel for that layout; `BatchNormalization` and `PRelu` have none, and each makes it lay
//! the data out twice. Here a `BatchNormalization` goes into the weights of the `Conv` or `Gemm` before it, and
//! a `PRelu` becomes operators that do have such kernels. With r = Relu(x) and slope s,
//!
//! ```text
//! PRelu(x) = s x + (1 - s) r = (1 - s) (s / (1 - s) x + r)
//! ```
//!
//! where the factor per channel within the brackets is a depth-wise 1 x 1 `Conv`, whose `Add` ONNX Runtime joins
//! to it, and the one before them goes into the weights of the `Conv` that follows. All of it is computed in 64
//! bits and rounded once. A node that does not fit a rule stays as it is.

use super::fold::{Data, Node, Tensor, borrow};
use super::wire::{Message, Value};
use super::{MODEL_BYTES_MAX, OnnxError, number};
use std::collections::{HashMap, HashSet};

/// What a normalisation does to each channel: a factor and what is added.
type ScaleAndShift = (Vec<f64>, Vec<f64>);

/// A slope nearer to 1 than this is left where it is: the rewritten sum would lose too many digits.
const DISTANCE_FROM_ONE_MIN: f64 = 1.0 / 256.0;

/// A node that may be rewritten.
struct Step<'a> {
    message: Message<'a>,
    read: Node,
}

/// A `PRelu` with a slope for each channel.
struct Slope {
    input: String,
    output: String,
    channels: usize,
    slopes: Vec<f64>,
}

/// A tensor: dimensions and values.
type Wide = (Vec<usize>, Vec<f64>);

struct Graph<'a> {
    steps: Vec<Step<'a>>,
    /// Initialisers as the file has them, by name.
    in_file: HashMap<String, Vec<u8>>,
    made: HashMap<String, Tensor>,
    order: Vec<String>,
    /// How often each value is read, by nodes and as an output of the graph.
    reads: HashMap<String, usize>,
    /// The graph's outputs.
    outputs: HashSet<String>,
    /// All names in use.
    names: HashSet<String>,
    bytes_made: usize,
}

/// Returns the graph with what fits the rules rewritten.
pub(super) fn lighten<'a>(graph: &'a Message<'_>) -> Result<Message<'a>, OnnxError> {
    let mut work = Graph::read(graph)?;
    work.fold_normalisations()?;
    work.replace_slopes()?;
    work.write(graph)
}

impl<'a> Step<'a> {
    /// A node of these inputs; with `group`, a depth-wise 1 x 1 `Conv`.
    fn new(operator: &str, inputs: &[&str], output: &str, group: Option<u64>) -> Self {
        let mut message = Message::default();
        for input in inputs {
            message.push_bytes(number::NODE_INPUT, input.as_bytes().to_vec());
        }
        message.push_bytes(number::NODE_OUTPUT, output.as_bytes().to_vec());
        message.push_bytes(number::NODE_OP_TYPE, operator.as_bytes().to_vec());
        if let Some(group) = group {
            let mut attribute = Message::default();
            attribute.push_bytes(number::ATTRIBUTE_NAME, b"group".to_vec());
            attribute.push(number::ATTRIBUTE_I, Value::Varint(group));
            attribute.push(number::ATTRIBUTE_TYPE, Value::Varint(number::ATTRIBUTE_TYPE_INT));
            message.push_bytes(number::NODE_ATTRIBUTE, attribute.to_bytes());
        }
        let read = Node {
            operator: operator.to_owned(),
            inputs: inputs.iter().map(|&input| input.to_owned()).collect(),
            outputs: vec![output.to_owned()],
            integers: group.map(|group| ("group".to_owned(), group.cast_signed())).into_iter().collect(),
            floats: HashMap::new(),
        };
        Self { message, read }
    }

    /// Gives the node other inputs and another output.
    fn rewire(&mut self, inputs: Vec<String>, output: String) {
        let fixed = [number::NODE_INPUT, number::NODE_OUTPUT];
        self.message.fields.retain(|field| !fixed.contains(&field.number));
        for input in &inputs {
            self.message.push_bytes(number::NODE_INPUT, input.as_bytes().to_vec());
        }
        self.message.push_bytes(number::NODE_OUTPUT, output.as_bytes().to_vec());
        (self.read.inputs, self.read.outputs) = (inputs, vec![output]);
    }

    /// Gives a `Conv` other weights.
    fn replace_weight(&mut self, weight: String) {
        let (mut inputs, output) = (self.read.inputs.clone(), self.read.outputs.first().cloned());
        if let (Some(old), Some(output)) = (inputs.get_mut(1), output) {
            *old = weight;
            self.rewire(inputs, output);
        }
    }
}

impl<'a> Graph<'a> {
    fn read(graph: &'a Message<'_>) -> Result<Self, OnnxError> {
        let mut work = Self {
            steps: Vec::new(),
            in_file: HashMap::new(),
            made: HashMap::new(),
            order: Vec::new(),
            reads: HashMap::new(),
            outputs: HashSet::new(),
            names: HashSet::new(),
            bytes_made: 0,
        };
        for bytes in graph.all_bytes(number::GRAPH_NODE) {
            let step = Step { message: Message::parse(bytes, 0)?, read: Node::read(bytes)? };
            work.note(&step.read);
            work.steps.push(step);
        }
        for bytes in graph.all_bytes(number::GRAPH_INITIALIZER) {
            let name = Message::parse(bytes, 0)?.text(number::TENSOR_NAME);
            work.names.insert(name.clone());
            work.in_file.insert(name, bytes.to_vec());
        }
        for bytes in graph.all_bytes(number::GRAPH_INPUT) {
            let name = Message::parse(bytes, 0)?.text(number::VALUE_NAME);
            // A weight that a caller may override is none.
            work.in_file.remove(&name);
            work.names.insert(name);
        }
        for bytes in graph.all_bytes(number::GRAPH_OUTPUT) {
            let name = Message::parse(bytes, 0)?.text(number::VALUE_NAME);
            *work.reads.entry(name.clone()).or_default() += 1;
            work.outputs.insert(name);
        }
        Ok(work)
    }

    fn note(&mut self, node: &Node) {
        for name in &node.inputs {
            *self.reads.entry(name.clone()).or_default() += 1;
        }
        self.names.extend(node.outputs.iter().chain(&node.inputs).cloned());
    }

    /// The constant of that name as numbers, where it is one of 32-bit floats.
    fn floats(&self, name: &str) -> Result<Option<Wide>, OnnxError> {
        let wide = |tensor: &Tensor| match &tensor.data {
            Data::Float(values) => {
                Some((tensor.dims.clone(), values.iter().map(|&v| f64::from(v)).collect()))
            }
            Data::Integer(_) => None,
        };
        if let Some(tensor) = self.made.get(name) {
            return Ok(wide(tensor));
        }
        match self.in_file.get(name) {
            Some(bytes) if Tensor::is_float(bytes)? => Ok(wide(&Tensor::read(name, bytes)?)),
            _ => Ok(None),
        }
    }

    /// Adds a constant under a name that nothing else has; says which.
    fn add(&mut self, name: &str, dims: Vec<usize>, values: &[f64]) -> Result<String, OnnxError> {
        self.bytes_made = self.bytes_made.saturating_add(values.len().saturating_mul(4));
        if self.bytes_made > 2 * MODEL_BYTES_MAX {
            return Err(OnnxError::TooLarge);
        }
        let name = self.fresh(name)?;
        let data = Data::Float(values.iter().map(|&value| value as f32).collect());
        self.made.insert(name.clone(), Tensor { dims, data });
        self.order.push(name.clone());
        Ok(name)
    }

    fn fresh(&mut self, name: &str) -> Result<String, OnnxError> {
        if self.names.insert(name.to_owned()) {
            return Ok(name.to_owned());
        }
        Err(OnnxError::Unsupported(format!("a model that already has a value {name:?}")))
    }

    /// Where the node stands whose output is `name`, when that output is read once.
    fn sole_source(&self) -> HashMap<String, usize> {
        let once = |name: &&String| self.reads.get(*name) == Some(&1);
        let outputs =
            self.steps.iter().enumerate().filter_map(|(at, step)| match step.read.outputs.as_slice() {
                [output] => Some((at, output)),
                _ => None,
            });
        outputs.filter(|(_, name)| once(name)).map(|(at, name)| (name.clone(), at)).collect()
    }

    /// `BatchNormalization` of what a `Conv` or `Gemm` gives becomes part of its weights.
    fn fold_normalisations(&mut self) -> Result<(), OnnxError> {
        let sources = self.sole_source();
        let mut gone = HashSet::new();
        for at in 0..self.steps.len() {
            let node = &self.steps[at].read;
            let ("BatchNormalization", [output], Some(input)) =
                (node.operator.as_str(), node.outputs.as_slice(), node.inputs.first())
            else {
                continue;
            };
            let Some(&source) = sources.get(input) else { continue };
            let Some((scale, shift)) = self.normalisation(node)? else { continue };
            let output = output.clone();
            let Some((weight, bias)) = self.weights_before(source, &scale, &shift)? else { continue };
            let weight = self.add(&format!("{output}/weight"), weight.0, &weight.1)?;
            let bias = self.add(&format!("{output}/bias"), vec![scale.len()], &bias)?;
            let step = &mut self.steps[source];
            let data = step.read.inputs[0].clone();
            step.rewire(vec![data, weight, bias], output);
            gone.insert(at);
        }
        self.remove(&gone);
        Ok(())
    }

    /// What a `BatchNormalization` multiplies by and adds, per channel.
    fn normalisation(&self, node: &Node) -> Result<Option<ScaleAndShift>, OnnxError> {
        let [_, constants @ ..] = node.inputs.as_slice() else { return Ok(None) };
        let mut found = Vec::new();
        for name in constants {
            let Some((dims, values)) = self.floats(name)? else { return Ok(None) };
            found.push((dims, values));
        }
        let [(dims, gamma), (_, beta), (_, mean), (_, variance)] = found.as_slice() else { return Ok(None) };
        let alike = dims.len() == 1 && found.iter().all(|other| other.0 == *dims);
        if !alike || node.attribute("training_mode", 0) != 0 {
            return Ok(None);
        }
        let epsilon = f64::from(node.float("epsilon", 1e-5));
        let scale: Vec<f64> = gamma.iter().zip(variance).map(|(g, v)| g / (v + epsilon).sqrt()).collect();
        let shift: Vec<f64> = beta.iter().zip(mean).zip(&scale).map(|((b, m), s)| b - m * s).collect();
        let sound = scale.iter().chain(&shift).all(|value| value.is_finite());
        Ok(sound.then_some((scale, shift)))
    }

    /// The weights and the bias of the `Conv` or `Gemm` there, if its output were scaled and shifted by channel.
    fn weights_before(
        &self,
        at: usize,
        scale: &[f64],
        shift: &[f64],
    ) -> Result<Option<(Wide, Vec<f64>)>, OnnxError> {
        let node = &self.steps[at].read;
        // Both have their output channels as the weight's first dimension.
        let fits = match node.operator.as_str() {
            "Conv" => true,
            "Gemm" => {
                node.attribute("transB", 0) == 1
                    && node.float("alpha", 1.0) == 1.0
                    && node.float("beta", 1.0) == 1.0
            }
            _ => false,
        };
        let (true, Some(name)) = (fits, node.inputs.get(1)) else { return Ok(None) };
        let Some((dims, mut weight)) = self.floats(name)? else { return Ok(None) };
        let bias = match node.inputs.get(2).filter(|name| !name.is_empty()) {
            None => vec![0.0; scale.len()],
            Some(name) => match self.floats(name)? {
                Some((_, bias)) if bias.len() == scale.len() => bias,
                _ => return Ok(None),
            },
        };
        if dims.len() < 2 || dims[0] != scale.len() || weight.is_empty() {
            return Ok(None);
        }
        let each = weight.len() / dims[0];
        for (values, factor) in weight.chunks_exact_mut(each).zip(scale) {
            values.iter_mut().for_each(|value| *value *= factor);
        }
        let bias = bias.iter().zip(scale).zip(shift).map(|((b, factor), shift)| b * factor + shift).collect();
        Ok(Some(((dims, weight), bias)))
    }

    /// `PRelu` with a slope per channel becomes `Relu`, depth-wise `Conv` and `Add`.
    fn replace_slopes(&mut self) -> Result<(), OnnxError> {
        let mut readers: HashMap<String, usize> = HashMap::new();
        for (at, step) in self.steps.iter().enumerate() {
            readers.extend(step.read.inputs.first().map(|name| (name.clone(), at)));
        }
        let mut instead: HashMap<usize, Vec<Step<'a>>> = HashMap::new();
        for at in 0..self.steps.len() {
            let node = &self.steps[at].read;
            let ("PRelu", [input, slope], [output]) =
                (node.operator.as_str(), node.inputs.as_slice(), node.outputs.as_slice())
            else {
                continue;
            };
            let (input, output) = (input.clone(), output.clone());
            let Some((dims, slopes)) = self.floats(slope)? else { continue };
            let [channels, 1, 1] = dims[..] else { continue };
            let after = readers.get(&output).copied().filter(|_| self.reads.get(&output) == Some(&1));
            let slope = Slope { input, output, channels, slopes };
            instead.insert(at, self.without_slope(&slope, after)?);
        }
        let steps = std::mem::take(&mut self.steps);
        for (at, step) in steps.into_iter().enumerate() {
            match instead.remove(&at) {
                Some(new) => self.steps.extend(new),
                None => self.steps.push(step),
            }
        }
        Ok(())
    }

    /// The steps instead of a `PRelu`, whose output is read by the step `after` alone, where it is.
    fn without_slope(&mut self, node: &Slope, after: Option<usize>) -> Result<Vec<Step<'a>>, OnnxError> {
        let Slope { input, output, channels, slopes } = node;
        let group = Some(*channels as u64);
        let dims = vec![*channels, 1, 1, 1];
        let outer: Vec<f64> = slopes.iter().map(|s| 1.0 - s).collect();
        let apart = outer.iter().all(|distance| distance.abs() >= DISTANCE_FROM_ONE_MIN);
        let next = match after.filter(|_| apart) {
            Some(after) => self.weights_after(after, &outer)?.map(|weight| (after, weight)),
            None => None,
        };
        let positive = self.fresh(&format!("{output}/positive"))?;
        let scaled = self.fresh(&format!("{output}/scaled"))?;
        let mut steps = vec![Step::new("Relu", &[input], &positive, None)];
        let (inner, positive) = if let Some((after, (next_dims, weight))) = next {
            let weight = self.add(&format!("{output}/next"), next_dims, &weight)?;
            self.steps[after].replace_weight(weight);
            (slopes.iter().zip(&outer).map(|(s, distance)| s / distance).collect(), positive)
        } else {
            let factor = self.add(&format!("{output}/distance"), dims.clone(), &outer)?;
            let weighted = self.fresh(&format!("{output}/weighted"))?;
            steps.push(Step::new("Conv", &[&positive, &factor], &weighted, group));
            (slopes.clone(), weighted)
        };
        let factor = self.add(&format!("{output}/slope"), dims, &inner)?;
        steps.push(Step::new("Conv", &[input, &factor], &scaled, group));
        steps.push(Step::new("Add", &[&scaled, &positive], output, None));
        Ok(steps)
    }

    /// The weights of the `Conv` there, if its input were divided by these factors, channel by channel.
    fn weights_after(&self, at: usize, factors: &[f64]) -> Result<Option<Wide>, OnnxError> {
        let node = &self.steps[at].read;
        let ("Conv", Some(name)) = (node.operator.as_str(), node.inputs.get(1)) else { return Ok(None) };
        let Some((dims, mut weight)) = self.floats(name)? else { return Ok(None) };
        let Ok(group) = usize::try_from(node.attribute("group", 1)) else { return Ok(None) };
        let [outputs, inputs, ..] = dims[..] else { return Ok(None) };
        let channels = inputs.checked_mul(group);
        if group == 0 || channels != Some(factors.len()) || outputs % group != 0 || weight.is_empty() {
            return Ok(None);
        }
        let each = weight.len() / (outputs * inputs);
        for (at, values) in weight.chunks_exact_mut(each).enumerate() {
            let (output, input) = (at / inputs, at % inputs);
            let factor = factors[output / (outputs / group) * inputs + input];
            values.iter_mut().for_each(|value| *value *= factor);
        }
        Ok(Some((dims, weight)))
    }

    fn remove(&mut self, gone: &HashSet<usize>) {
        let steps = std::mem::take(&mut self.steps);
        self.steps = steps
            .into_iter()
            .enumerate()
            .filter(|(at, _)| !gone.contains(at))
            .map(|(_, step)| step)
            .collect();
    }

    fn write<'b>(&self, graph: &'b Message<'_>) -> Result<Message<'b>, OnnxError> {
        let used: HashSet<&String> = self.steps.iter().flat_map(|step| &step.read.inputs).collect();
        let mut out = Message::default();
        for step in &self.steps {
            out.push_bytes(number::GRAPH_NODE, step.message.to_bytes());
        }
        for field in &graph.fields {
            let keep = match (field.number, &field.value) {
                (number::GRAPH_NODE, _) => false,
                (number::GRAPH_INITIALIZER, Value::Bytes(bytes)) => {
                    let name = Message::parse(bytes, 0)?.text(number::TENSOR_NAME);
                    used.contains(&name) || self.outputs.contains(&name)
                }
                _ => true,
            };
            if keep {
                out.fields.push(borrow(field));
            }
        }
        for name in self.order.iter().filter(|name| used.contains(name)) {
            if let Some(tensor) = self.made.get(name) {
                out.push_bytes(number::GRAPH_INITIALIZER, tensor.to_bytes(name)?);
            }
        }
        Ok(out)
    }
}
