//! OCI resources as a list of settings, in one form for both versions of cgroups.
//!
//! Pure: checks that need no kernel are made here. What order a version needs, and what it reads
//! first, is `v1` and `v2`. Invariant: a setting is in the list only if the bundle names it, so a
//! host that lacks its file has failed an explicit wish.

use hull_oci::runtime_spec::{BlockIo, HugepageLimit, Rdma, Resources, ThrottleDevice};

use super::error::Error;

/// One value for one file of one controller.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Setting {
    /// The controller that owns the file.
    pub(super) controller: &'static str,
    /// The file.
    pub(super) file: String,
    /// The value.
    pub(super) value: String,
}

impl Setting {
    /// A setting.
    pub(super) fn new(controller: &'static str, file: &str, value: impl ToString) -> Self {
        Self {
            controller,
            file: file.to_owned(),
            value: value.to_string(),
        }
    }
}

/// What no version of the kernel takes is refused before anything is made.
pub(super) fn check(resources: &Resources) -> Result<(), Error> {
    let refuse = |setting, value: String, why: &str| {
        Err(Error::Value {
            setting,
            value,
            why: why.to_owned(),
        })
    };
    if let Some(memory) = &resources.memory {
        let sizes = [
            ("memory limit", memory.limit),
            ("memory reservation", memory.reservation),
            ("memory and swap limit", memory.swap),
        ];
        for (setting, size) in sizes {
            if size.is_some_and(|size| size < -1) {
                let value = size.unwrap_or_default().to_string();
                return refuse(setting, value, "a size is positive, or -1 for no limit");
            }
        }
        if let Some(swappiness) = memory.swappiness.filter(|&value| value > 100) {
            return refuse(
                "memory swappiness",
                swappiness.to_string(),
                "it goes from 0 to 100",
            );
        }
        if let (Some(limit), Some(swap)) = (memory.limit, memory.swap)
            && limit > 0
            && swap > 0
            && swap < limit
        {
            let why = format!("it counts memory too, whose limit is {limit}");
            return refuse("memory and swap limit", swap.to_string(), &why);
        }
    }
    if let Some(cpu) = &resources.cpu {
        if let Some(shares) = cpu
            .shares
            .filter(|&n| n != 0 && !(2..=262_144).contains(&n))
        {
            return refuse("cpu shares", shares.to_string(), "they go from 2 to 262144");
        }
        if let Some(idle) = cpu.idle.filter(|idle| !(0..=1).contains(idle)) {
            return refuse("cpu idle", idle.to_string(), "it is 0 or 1");
        }
    }
    if let Some(block) = &resources.block_io {
        let own = block.weight.into_iter().chain(block.leaf_weight);
        let devices = block
            .weight_device
            .iter()
            .filter_map(|device| device.weight);
        let bad = |weight: &u16| *weight != 0 && !(10..=1000).contains(weight);
        if let Some(weight) = own.chain(devices).find(bad) {
            return refuse(
                "block io weight",
                weight.to_string(),
                "it goes from 10 to 1000",
            );
        }
    }
    Ok(())
}

/// A throttle list: the file's stem, and the devices.
pub(super) type Throttle<'a> = (&'static str, &'a [ThrottleDevice]);

/// The four throttle lists of `block`, by v1 file and v2 key.
pub(super) fn throttles(block: &BlockIo) -> [(Throttle<'_>, &'static str); 4] {
    [
        (
            (
                "blkio.throttle.read_bps_device",
                &block.throttle_read_bps_device,
            ),
            "rbps",
        ),
        (
            (
                "blkio.throttle.write_bps_device",
                &block.throttle_write_bps_device,
            ),
            "wbps",
        ),
        (
            (
                "blkio.throttle.read_iops_device",
                &block.throttle_read_iops_device,
            ),
            "riops",
        ),
        (
            (
                "blkio.throttle.write_iops_device",
                &block.throttle_write_iops_device,
            ),
            "wiops",
        ),
    ]
}

/// Huge page limits; `leaf` is the last part of the file's name, which differs by version.
pub(super) fn huge_pages(limits: &[HugepageLimit], leaf: &str) -> Result<Vec<Setting>, Error> {
    let mut list = Vec::new();
    for HugepageLimit { page_size, limit } in limits {
        let digits = page_size.trim_end_matches(|c: char| c.is_ascii_uppercase());
        if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
            return Err(Error::Value {
                setting: "huge page limit",
                value: format!("{page_size:?}"),
                why: "a page size is written as 2MB or 1GB".to_owned(),
            });
        }
        list.push(Setting::new(
            "hugetlb",
            &format!("hugetlb.{page_size}.{leaf}"),
            limit,
        ));
    }
    Ok(list)
}

/// RDMA limits, the same file in both versions.
pub(super) fn rdma(device: &str, limit: &Rdma) -> Setting {
    let mut value = device.to_owned();
    for (key, number) in [
        ("hca_handle", limit.hca_handles),
        ("hca_object", limit.hca_objects),
    ] {
        if let Some(number) = number {
            value.push_str(&format!(" {key}={number}"));
        }
    }
    Setting::new("rdma", "rdma.max", value)
}

/// -1 in the word of each version.
pub(super) fn size_v2(size: i64) -> String {
    if size < 0 {
        "max".to_owned()
    } else {
        size.to_string()
    }
}
