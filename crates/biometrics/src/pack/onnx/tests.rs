//! Small models made here by the wire writer, and the real ones where the cache or the network has them.

use super::wire::{Message, Value};
use super::*;
use proptest::prelude::*;

fn tensor(name: &str, data_type: u64, dims: &[u64], raw: Vec<u8>) -> Vec<u8> {
    let mut tensor = Message::default();
    for &dim in dims {
        tensor.push(number::TENSOR_DIMS, Value::Varint(dim));
    }
    tensor.push(number::TENSOR_DATA_TYPE, Value::Varint(data_type));
    tensor.push_bytes(number::TENSOR_NAME, name.as_bytes().to_vec());
    tensor.push_bytes(number::TENSOR_RAW_DATA, raw);
    tensor.to_bytes()
}

fn floats(values: &[f32]) -> Vec<u8> {
    values.iter().flat_map(|value| value.to_le_bytes()).collect()
}

fn node(operator: &str, inputs: &[&str], output: &str, attributes: &[(&str, u64)]) -> Vec<u8> {
    let mut node = Message::default();
    for input in inputs {
        node.push_bytes(number::NODE_INPUT, input.as_bytes().to_vec());
    }
    node.push_bytes(number::NODE_OUTPUT, output.as_bytes().to_vec());
    node.push_bytes(number::NODE_OP_TYPE, operator.as_bytes().to_vec());
    for (name, value) in attributes {
        let mut attribute = Message::default();
        attribute.push_bytes(number::ATTRIBUTE_NAME, name.as_bytes().to_vec());
        attribute.push(number::ATTRIBUTE_I, Value::Varint(*value));
        node.push_bytes(number::NODE_ATTRIBUTE, attribute.to_bytes());
    }
    node.to_bytes()
}

fn value_info(name: &str) -> Vec<u8> {
    let mut info = Message::default();
    info.push_bytes(number::VALUE_NAME, name.as_bytes().to_vec());
    info.to_bytes()
}

fn model(members: &[(u32, Vec<u8>)]) -> Vec<u8> {
    let mut graph = Message::default();
    for (number, bytes) in members {
        graph.push_bytes(*number, bytes.clone());
    }
    let mut model = Message::default();
    model.push(1, Value::Varint(10));
    model.push_bytes(number::MODEL_GRAPH, graph.to_bytes());
    model.push_bytes(99, b"a field of the future".to_vec());
    model.to_bytes()
}

/// `x [2, 5]`, blocks of 2 along axis 1, then a reshape to `[5, 2]`, as block quantisers write it.
fn block_quantised() -> Vec<u8> {
    let shape = [5_i64, 2].iter().flat_map(|dim| dim.to_le_bytes()).collect();
    let attributes = [("block_size", 2), ("axis", 1)];
    model(&[
        (number::GRAPH_NODE, node("DequantizeLinear", &["w_q", "w_s", "w_z"], "w_d", &attributes)),
        (number::GRAPH_NODE, node("Reshape", &["w_d", "w_shape"], "w", &[])),
        (number::GRAPH_NODE, node("MatMul", &["x", "w"], "y", &[])),
        (number::GRAPH_INITIALIZER, tensor("w_q", 3, &[2, 5], vec![1, 2, 3, 4, 5, 255, 254, 253, 252, 251])),
        (number::GRAPH_INITIALIZER, tensor("w_s", 1, &[2, 3], floats(&[1.0, 10.0, 100.0, 0.5, 0.25, 0.125]))),
        (number::GRAPH_INITIALIZER, tensor("w_z", 3, &[2, 3], vec![0, 1, 2, 0, 0, 3])),
        (number::GRAPH_INITIALIZER, tensor("w_shape", 7, &[2], shape)),
        (number::GRAPH_INPUT, value_info("x")),
        (number::GRAPH_INPUT, value_info("w_q")),
        (number::GRAPH_OUTPUT, value_info("y")),
        (number::GRAPH_VALUE_INFO, value_info("w_d")),
    ])
}

fn names_of(graph: &Message<'_>, member: u32, name: u32) -> Vec<String> {
    graph.all_bytes(member).map(|bytes| Message::parse(bytes, 0).unwrap().text(name)).collect()
}

#[test]
fn blocks_are_dequantised_by_the_operators_definition_and_nothing_else_changes() {
    let out = dequantise(&block_quantised(), Rewrite::default()).unwrap();
    let top = Message::parse(&out, 0).unwrap();
    assert_eq!(top.text(99), "a field of the future");
    let graph = Message::parse(top.bytes(number::MODEL_GRAPH).unwrap(), 0).unwrap();
    assert_eq!(names_of(&graph, number::GRAPH_NODE, number::NODE_OP_TYPE), ["MatMul"]);
    assert_eq!(names_of(&graph, number::GRAPH_INITIALIZER, number::TENSOR_NAME), ["w"]);
    assert_eq!(names_of(&graph, number::GRAPH_INPUT, number::VALUE_NAME), ["x"]);
    assert!(graph.bytes(number::GRAPH_VALUE_INFO).is_none());
    let weight = Message::parse(graph.bytes(number::GRAPH_INITIALIZER).unwrap(), 0).unwrap();
    assert_eq!(weight.integers(number::TENSOR_DIMS).unwrap(), [5, 2]);
    // (q - z) * s by hand; the last block of each row has one element only.
    let expected = [1.0, 2.0, 20.0, 30.0, 300.0, -0.5, -1.0, -0.75, -1.0, -1.0];
    assert_eq!(weight.bytes(number::TENSOR_RAW_DATA).unwrap(), floats(&expected));
    assert_eq!(dequantise(&out, Rewrite::default()).unwrap(), out, "a second pass changes nothing");
}

#[test]
fn one_scale_for_the_tensor_and_one_for_each_row_are_understood() {
    let weights = |dims: &[u64], scales: &[f32], attributes: &[(&str, u64)]| {
        let scale_dims: &[u64] = &[scales.len() as u64];
        let file = model(&[
            (number::GRAPH_NODE, node("DequantizeLinear", &["q", "s"], "w", attributes)),
            (number::GRAPH_NODE, node("Add", &["x", "w"], "y", &[])),
            (number::GRAPH_INITIALIZER, tensor("q", 2, dims, vec![1, 2, 3, 4, 5, 200])),
            (number::GRAPH_INITIALIZER, tensor("s", 1, scale_dims, floats(scales))),
            (number::GRAPH_INPUT, value_info("x")),
            (number::GRAPH_OUTPUT, value_info("y")),
        ]);
        let out = dequantise(&file, Rewrite::default()).unwrap();
        let top = Message::parse(&out, 0).unwrap();
        let graph = Message::parse(top.bytes(number::MODEL_GRAPH).unwrap(), 0).unwrap();
        let weight = Message::parse(graph.bytes(number::GRAPH_INITIALIZER).unwrap(), 0).unwrap();
        weight.bytes(number::TENSOR_RAW_DATA).unwrap().to_vec()
    };
    // A block size beside a single scale is what ONNX Runtime refuses in the OpenCV Zoo's files.
    assert_eq!(weights(&[6], &[2.0], &[("block_size", 64)]), floats(&[2.0, 4.0, 6.0, 8.0, 10.0, 400.0]));
    assert_eq!(weights(&[2, 3], &[1.0, 10.0], &[("axis", 0)]), floats(&[1.0, 2.0, 3.0, 40.0, 50.0, 2000.0]));
    assert_eq!(weights(&[2, 3], &[1.0, 2.0, 3.0], &[]), floats(&[1.0, 4.0, 9.0, 4.0, 10.0, 600.0]));
}

#[test]
fn shapes_that_do_not_fit_are_refused_by_name() {
    let file = |dims: &[u64], scale_dims: &[u64], scales: usize| {
        model(&[
            (number::GRAPH_NODE, node("DequantizeLinear", &["q", "s"], "w", &[("block_size", 4)])),
            (number::GRAPH_INITIALIZER, tensor("q", 3, dims, vec![0; 6])),
            (number::GRAPH_INITIALIZER, tensor("s", 1, scale_dims, floats(&vec![1.0; scales]))),
        ])
    };
    for bytes in [file(&[2, 4], &[2, 1], 2), file(&[1 << 40, 1 << 40], &[1], 1), file(&[2, 3], &[2, 2], 4)] {
        let error = dequantise(&bytes, Rewrite::default()).unwrap_err();
        assert!(matches!(&error, OnnxError::Tensor { tensor, .. } if tensor == "q"), "{error}");
    }
    assert!(dequantise(&file(&[2, 3], &[2, 1], 2), Rewrite::default()).is_ok());
}

#[test]
fn a_file_that_is_no_model_is_refused() {
    for bytes in [&b""[..], b"<html>not found</html>", &[0xff; 64]] {
        assert!(dequantise(bytes, Rewrite::default()).is_err());
    }
}

/// `x [1, 2, 1, 1]`: Conv, BatchNormalization, PRelu, depth-wise Conv, PRelu, Flatten, Gemm, BatchNormalization.
fn slow() -> Vec<u8> {
    let normalise = |input: &str, prefix: &str, output: &str| {
        let constants = ["gamma", "beta", "mean", "variance"].map(|kind| format!("{prefix}_{kind}"));
        let inputs: Vec<&str> = std::iter::once(input).chain(constants.iter().map(String::as_str)).collect();
        node("BatchNormalization", &inputs, output, &[])
    };
    let constant = |name: &str, dims: &[u64], values: &[f32]| {
        (number::GRAPH_INITIALIZER, tensor(name, 1, dims, floats(values)))
    };
    model(&[
        (number::GRAPH_NODE, node("Conv", &["x", "w1"], "c1", &[])),
        (number::GRAPH_NODE, normalise("c1", "n1", "b1")),
        (number::GRAPH_NODE, node("PRelu", &["b1", "s1"], "p1", &[])),
        (number::GRAPH_NODE, node("Conv", &["p1", "w2", "z2"], "c2", &[("group", 2)])),
        (number::GRAPH_NODE, node("PRelu", &["c2", "s2"], "p2", &[])),
        (number::GRAPH_NODE, node("Flatten", &["p2"], "f", &[])),
        (number::GRAPH_NODE, node("Gemm", &["f", "w3", "z3"], "g", &[("transB", 1)])),
        (number::GRAPH_NODE, normalise("g", "n3", "y")),
        constant("w1", &[2, 2, 1, 1], &[1.0, 2.0, 3.0, 4.0]),
        constant("n1_gamma", &[2], &[2.0, 1.0]),
        constant("n1_beta", &[2], &[0.5, 0.0]),
        constant("n1_mean", &[2], &[1.0, -1.0]),
        constant("n1_variance", &[2], &[4.0, 1.0]),
        constant("s1", &[2, 1, 1], &[0.5, -1.0]),
        constant("w2", &[2, 1, 1, 1], &[3.0, 5.0]),
        constant("z2", &[2], &[0.0, 0.0]),
        constant("s2", &[2, 1, 1], &[0.25, 0.0]),
        constant("w3", &[1, 2], &[1.0, 1.0]),
        constant("z3", &[1], &[10.0]),
        constant("n3_gamma", &[1], &[3.0]),
        constant("n3_beta", &[1], &[1.0]),
        constant("n3_mean", &[1], &[0.0]),
        constant("n3_variance", &[1], &[1.0]),
        (number::GRAPH_INPUT, value_info("x")),
        (number::GRAPH_OUTPUT, value_info("y")),
    ])
}

fn weights(graph: &Message<'_>, name: &str) -> Vec<f32> {
    let mut all = graph.all_bytes(number::GRAPH_INITIALIZER).map(|bytes| Message::parse(bytes, 0).unwrap());
    let found =
        all.find(|tensor| tensor.text(number::TENSOR_NAME) == name).unwrap_or_else(|| panic!("{name}"));
    let raw = found.bytes(number::TENSOR_RAW_DATA).unwrap();
    raw.as_chunks::<4>().0.iter().map(|word| f32::from_le_bytes(*word)).collect()
}

#[test]
fn normalisation_goes_into_the_weights_and_a_slope_becomes_fast_steps() {
    let out = convert(&slow(), Rewrite::default()).unwrap();
    let top = Message::parse(&out, 0).unwrap();
    let graph = Message::parse(top.bytes(number::MODEL_GRAPH).unwrap(), 0).unwrap();
    let operators = names_of(&graph, number::GRAPH_NODE, number::NODE_OP_TYPE);
    let first_slope = ["Conv", "Relu", "Conv", "Add"];
    let second_slope = ["Conv", "Relu", "Conv", "Conv", "Add", "Flatten", "Gemm"];
    assert_eq!(operators, [&first_slope[..], &second_slope].concat());
    let near = |name: &str, expected: &[f32]| {
        let found = weights(&graph, name);
        let close =
            found.len() == expected.len() && found.iter().zip(expected).all(|(a, b)| (a - b).abs() < 1e-3);
        assert!(close, "{name}: {found:?}, not {expected:?}");
    };
    // gamma / sqrt(variance) is 1 in both channels; the bias is beta - mean.
    near("b1/weight", &[1.0, 2.0, 3.0, 4.0]);
    near("b1/bias", &[-0.5, 1.0]);
    // s / (1 - s), and the other factor in the next weights.
    near("p1/slope", &[1.0, -0.5]);
    near("p1/next", &[3.0 * 0.5, 5.0 * 2.0]);
    // Nothing after the second slope takes a factor: it stays beside.
    near("p2/slope", &[0.25, 0.0]);
    near("p2/distance", &[0.75, 1.0]);
    near("y/weight", &[3.0, 3.0]);
    near("y/bias", &[31.0]);
    assert!(!names_of(&graph, number::GRAPH_INITIALIZER, number::TENSOR_NAME).contains(&"w1".to_owned()));
    assert_eq!(convert(&out, Rewrite::default()).unwrap(), out, "a second pass changes nothing");
    assert_eq!(dequantise(&slow(), Rewrite::default()).unwrap(), slow(), "unless it is asked for");
}

proptest! {
    #[test]
    fn a_damaged_model_never_panics(cuts in proptest::collection::vec((any::<usize>(), any::<u8>()), 1..6), cut: usize, whole: bool, slow_one: bool) {
        let mut bytes = if slow_one { slow() } else { block_quantised() };
        for (at, value) in cuts {
            let at = at % bytes.len();
            bytes[at] = value;
        }
        if !whole {
            bytes.truncate(cut % (bytes.len() + 1));
        }
        if let Ok(out) = convert(&bytes, Rewrite { dynamic_height_width: true, dynamic_batch: true }) {
            prop_assert!(out.len() < 4096);
        }
    }
}
