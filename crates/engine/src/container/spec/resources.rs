//! Limits: from the wish to what a cgroup enforces.
//!
//! Leaves checking that the numbers make sense to `validate`. Invariant: what the user did not set
//! stays unset, so that the kernel's default holds.

use hull_model::container::resources::{DeviceValue, Resources as Wish};
use hull_oci::runtime_spec::{
    BlockIo, Cpu, DeviceCgroup, Memory, Pids, Resources, ThrottleDevice, WeightDevice,
};

use crate::container::spec::input::BlockNumbers;
use crate::error::SpecError;

/// Period that `--cpus` is measured in, microseconds.
const CPU_PERIOD: u64 = 100_000;

/// Limits of `wish` with the device rules.
pub fn resources(
    wish: &Wish,
    devices: Vec<DeviceCgroup>,
    numbers: &BlockNumbers,
) -> Result<Resources, SpecError> {
    Ok(Resources {
        devices,
        memory: filled(memory(wish)),
        cpu: filled(cpu(wish)),
        pids: wish.pids_limit.map(|limit| Pids {
            limit: if limit == 0 { -1 } else { limit },
        }),
        block_io: filled(block_io(wish, numbers)?),
        ..Resources::default()
    })
}

fn filled<T: Default + PartialEq>(value: T) -> Option<T> {
    (value != T::default()).then_some(value)
}

fn memory(wish: &Wish) -> Memory {
    let limit = wish.memory.filter(|limit| *limit != 0);
    // As docker: as much swap as memory unless told otherwise.
    let swap = wish.memory_swap.filter(|swap| *swap != 0);
    let doubled = limit
        .filter(|limit| *limit > 0)
        .map(|limit| limit.saturating_mul(2));
    Memory {
        limit,
        reservation: wish.memory_reservation.filter(|soft| *soft != 0),
        swap: swap.or(doubled),
        swappiness: wish
            .memory_swappiness
            .and_then(|value| u64::try_from(value).ok()),
        disable_oom_killer: wish.oom_kill_disable.then_some(true),
        ..Memory::default()
    }
}

fn cpu(wish: &Wish) -> Cpu {
    let unsigned =
        |value: Option<i64>| value.filter(|v| *v > 0).and_then(|v| u64::try_from(v).ok());
    let nano = unsigned(wish.nano_cpus);
    let nano_quota = nano.map(|nano| {
        let quota = u128::from(nano) * u128::from(CPU_PERIOD) / 1_000_000_000;
        i64::try_from(quota).unwrap_or(i64::MAX)
    });
    Cpu {
        shares: unsigned(wish.cpu_shares).map(|shares| shares.clamp(2, 262_144)),
        quota: nano_quota.or(wish.cpu_quota.filter(|quota| *quota != 0)),
        period: nano.map(|_| CPU_PERIOD).or(unsigned(wish.cpu_period)),
        realtime_runtime: wish.cpu_rt_runtime.filter(|runtime| *runtime != 0),
        realtime_period: unsigned(wish.cpu_rt_period),
        cpus: wish.cpuset_cpus.clone().unwrap_or_default(),
        mems: wish.cpuset_mems.clone().unwrap_or_default(),
        ..Cpu::default()
    }
}

fn block_io(wish: &Wish, numbers: &BlockNumbers) -> Result<BlockIo, SpecError> {
    let rates = |list: &[DeviceValue]| -> Result<Vec<ThrottleDevice>, SpecError> {
        list.iter().map(|one| throttle(one, numbers)).collect()
    };
    let weights = wish
        .blkio_weight_device
        .iter()
        .map(|one| weight(one, numbers));
    Ok(BlockIo {
        weight: wish.blkio_weight.filter(|weight| *weight != 0),
        leaf_weight: None,
        weight_device: weights.collect::<Result<_, _>>()?,
        throttle_read_bps_device: rates(&wish.device_read_bps)?,
        throttle_write_bps_device: rates(&wish.device_write_bps)?,
        throttle_read_iops_device: rates(&wish.device_read_iops)?,
        throttle_write_iops_device: rates(&wish.device_write_iops)?,
    })
}

fn number(path: &str, numbers: &BlockNumbers) -> Result<(i64, i64), SpecError> {
    let found = numbers
        .get(path)
        .map(|(major, minor)| (i64::from(*major), i64::from(*minor)));
    found.ok_or_else(|| SpecError::invalid(format!("{path} is not a block device of this host")))
}

fn throttle(one: &DeviceValue, numbers: &BlockNumbers) -> Result<ThrottleDevice, SpecError> {
    let (major, minor) = number(&one.path, numbers)?;
    Ok(ThrottleDevice {
        major,
        minor,
        rate: one.value,
    })
}

fn weight(one: &DeviceValue, numbers: &BlockNumbers) -> Result<WeightDevice, SpecError> {
    let (major, minor) = number(&one.path, numbers)?;
    let weight = u16::try_from(one.value).ok();
    Ok(WeightDevice {
        major,
        minor,
        weight,
        leaf_weight: None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_become_what_the_kernel_takes() {
        let wish = Wish {
            memory: Some(64 << 20),
            nano_cpus: Some(1_500_000_000),
            cpu_shares: Some(1),
            pids_limit: Some(0),
            device_read_bps: vec![DeviceValue {
                path: "/dev/sda".into(),
                value: 7,
            }],
            ..Wish::default()
        };
        let numbers = [("/dev/sda".to_owned(), (8, 0))].into();
        let found = resources(&wish, vec![], &numbers).unwrap();
        let (memory, cpu) = (found.memory.unwrap(), found.cpu.unwrap());
        assert_eq!(
            (memory.limit, memory.swap),
            (Some(64 << 20), Some(128 << 20))
        );
        assert_eq!(
            (cpu.quota, cpu.period, cpu.shares),
            (Some(150_000), Some(100_000), Some(2))
        );
        assert_eq!(found.pids, Some(Pids { limit: -1 }));
        assert_eq!(found.block_io.unwrap().throttle_read_bps_device[0].rate, 7);
        assert_eq!(
            resources(&Wish::default(), vec![], &numbers).unwrap(),
            Resources::default()
        );
        assert!(resources(&wish, vec![], &BlockNumbers::new()).is_err());
    }
}
