//! A second kind of work through the same interface (R10): nothing in the crate knows of it.
//!
//! It forecasts: a tiny ONNX model doubles every number of a series. The model's file is written here by hand.

use liaise_compute::{
    AdapterId, Bundle, Check, Device, DeviceReport, Error, Json, Output, Primitive, Registry, Result, Runtime, Session,
    TaskContext, Tensor, WorkUnits, sample_positions,
};

use crate::installed::{runtime, template, write_bundle};

struct Doubling {
    adapter: AdapterId,
    session: Session,
    sample: u32,
}

impl Doubling {
    fn open(bundle: Bundle, runtime: &Runtime, threads: usize, device: Device) -> Result<Box<dyn Primitive>> {
        let session = runtime.session(&bundle.file("model.onnx")?, threads, device)?;
        let sample = bundle.sample_permille("double")?;
        Ok(Box::new(Self { adapter: bundle.id(), session, sample }))
    }

    fn double(&self, numbers: &[i64]) -> Result<Vec<i64>> {
        let data = numbers.iter().map(|&n| n as f32).collect();
        let x = Tensor::F32 { shape: vec![numbers.len()], data };
        match &self.session.run(vec![("x".into(), x)], &["y"])?[0] {
            Tensor::F32 { data, .. } => Ok(data.iter().map(|&n| n as i64).collect()),
            other => panic!("{other:?}"),
        }
    }
}

fn numbers(bytes: &[u8]) -> Result<Vec<i64>> {
    serde_ipld_dagcbor::from_slice(bytes).map_err(|e| Error::Input { field: "numbers", problem: e.to_string() })
}

impl Primitive for Doubling {
    fn kind(&self) -> &str {
        "double"
    }

    fn adapter(&self) -> AdapterId {
        self.adapter
    }

    fn device(&self) -> &DeviceReport {
        self.session.device()
    }

    fn run(&self, input: &[u8], _: &TaskContext<'_>) -> Result<Output> {
        let doubled = self.double(&numbers(input)?)?;
        Ok(Output { bytes: serde_ipld_dagcbor::to_vec(&doubled).unwrap(), blobs: vec![] })
    }

    fn verify(
        &self,
        input: &[u8],
        output: &[u8],
        _: &[Vec<u8>],
        seed: [u8; 32],
        ctx: &TaskContext<'_>,
    ) -> Result<Check> {
        let (given, Ok(claimed)) = (numbers(input)?, numbers(output)) else { return Ok(Check::refused("no numbers")) };
        if claimed.len() != given.len() {
            return Ok(Check::refused("another number of numbers"));
        }
        let total = given.len() as u32;
        let positions = sample_positions(seed, total, (total * self.sample).div_ceil(1000));
        let values = self.recompute(input, output, &positions, ctx)?;
        let right = positions.iter().zip(&values).all(|(&at, &own)| claimed[at as usize] == i64::from(own));
        let cost_permille = (positions.len() * 1000 / given.len()) as u16;
        let score_permille = if right { 1000 } else { 0 };
        Ok(Check { score_permille, positions, values, reason: "computed again".into(), cost_permille })
    }

    fn recompute(&self, input: &[u8], _: &[u8], positions: &[u32], _: &TaskContext<'_>) -> Result<Vec<i32>> {
        let given = numbers(input)?;
        let picked: Vec<i64> = positions.iter().map(|&at| given[at as usize]).collect();
        Ok(self.double(&picked)?.into_iter().map(|n| n as i32).collect())
    }

    fn evidence_tolerance(&self) -> u32 {
        0
    }

    fn items(&self, input: &[u8], _: &[u8]) -> Result<u64> {
        Ok(numbers(input)?.len() as u64)
    }
}

/// A protocol-buffers field that holds bytes.
fn field(number: u8, value: &[u8]) -> Vec<u8> {
    [&[number << 3 | 2, value.len() as u8], value].concat()
}

/// An ONNX model: y = x + x, for a vector x of any length.
fn model() -> Vec<u8> {
    let node = [field(1, b"x"), field(1, b"x"), field(2, b"y"), field(4, b"Add")].concat();
    let shape = field(2, &field(1, &field(2, b"n")));
    let kind = field(2, &field(1, &[&[1 << 3, 1][..], &shape].concat()));
    let port = |name: &[u8]| [field(1, name), kind.clone()].concat();
    let graph = [field(1, &node), field(2, b"g"), field(11, &port(b"x")), field(12, &port(b"y"))].concat();
    let opset = field(8, &[&field(1, b"")[..], &[2 << 3, 17]].concat());
    [&[1 << 3, 9][..], &field(7, &graph), &opset].concat()
}

#[test]
fn a_new_kind_needs_no_change_in_the_core() {
    let folder = tempfile::tempdir().unwrap();
    let int = |name: &str, n| Json::Map([(name.to_string(), Json::Int(n))].into());
    let table = |rows: [(&str, i64); 3]| Json::Map(rows.map(|(name, n)| (name.to_string(), Json::Int(n))).into());
    write_bundle(folder.path(), &template(), &[("NOTICE", b"mine"), ("model.onnx", &model())], |manifest| {
        manifest.insert("kind".into(), Json::Text("double".into()));
        manifest.insert("work_units".into(), table([("base", 0), ("per_item", 3), ("max", 3_000)]));
        manifest.insert("config".into(), Json::Map(Default::default()));
        if let Some(Json::Map(verification)) = manifest.get_mut("verification") {
            verification.insert("sample_permille".into(), int("double", 250));
        }
    });
    let bundle = Bundle::open(folder.path()).unwrap();
    let mut registry = Registry::default();
    let unknown = registry.open(bundle.clone(), &runtime(), 1, Device::Cpu).map(|_| ()).unwrap_err().to_string();
    assert!(unknown.contains("`double`") && unknown.contains("retrieval"), "{unknown}");

    registry.register("double", Doubling::open);
    assert_eq!(registry.kinds().collect::<Vec<_>>(), ["double", "retrieval"]);
    let primitive = registry.open(bundle.clone(), &runtime(), 1, Device::Cpu).unwrap();
    assert_eq!((primitive.kind(), primitive.adapter()), ("double", bundle.id()));
    assert_eq!(primitive.device().to_string(), "CPU");

    let ctx = TaskContext::new();
    let input = serde_ipld_dagcbor::to_vec(&(1..=20).collect::<Vec<i64>>()).unwrap();
    let output = primitive.run(&input, &ctx).unwrap();
    assert_eq!(numbers(&output.bytes).unwrap(), (1..=20).map(|n| 2 * n).collect::<Vec<i64>>());
    // Its own basis of pay: it counts numbers, and its own table makes units of them.
    assert_eq!(primitive.items(&input, &output.bytes).unwrap(), 20);
    assert_eq!(bundle.manifest().work_units, WorkUnits { base: 0, per_item: 3, max: 3_000 });
    let check = primitive.verify(&input, &output.bytes, &[], [4; 32], &ctx).unwrap();
    assert!(check.accepts() && check.cost_permille == 250, "{check:?}");
    let forged = serde_ipld_dagcbor::to_vec(&vec![7i64; 20]).unwrap();
    assert!(!primitive.verify(&input, &forged, &[], [4; 32], &ctx).unwrap().accepts());
}
