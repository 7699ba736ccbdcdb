//! Changes, one table per subject.

use hull_oci::image_config::ContainerDefaults;

use super::apply;

fn changed(changes: &[&str]) -> Result<ContainerDefaults, String> {
    let mut config = ContainerDefaults::default();
    let changes: Vec<String> = changes.iter().map(|&c| c.to_owned()).collect();
    apply(&mut config, &changes).map_err(|e| e.to_string())?;
    Ok(config)
}

#[test]
fn commands_have_two_forms() {
    let check = |text: &str, expected: &[&str]| {
        assert_eq!(
            changed(&[&format!("CMD {text}")]).unwrap().cmd.unwrap(),
            expected
        );
        assert_eq!(
            changed(&[&format!("entrypoint {text}")])
                .unwrap()
                .entrypoint
                .unwrap(),
            expected
        );
    };
    check(r#"["sh", "-l"]"#, &["sh", "-l"]);
    check("echo $HOME", &["/bin/sh", "-c", "echo $HOME"]);
    check("[ -f x ]", &["/bin/sh", "-c", "[ -f x ]"]);
    check("[]", &[]);
}

#[test]
fn environment_and_labels() {
    let c = changed(&[
        "ENV a=1 b=\"two words\" c=x\\ y",
        "ENV d the rest 'is' kept",
        "ENV e=$a-${z:-yes}${z:+no}",
        "env a=2",
    ])
    .unwrap();
    let expected = [
        "b=two words",
        "c=x y",
        "d=the rest 'is' kept",
        "e=1-yes",
        "a=2",
    ];
    assert_eq!(c.env, expected);
    let c = changed(&["LABEL x=1 \"y z\"='2 $x'"]).unwrap();
    assert_eq!(c.labels["y z"], "2 $x");
}

#[test]
fn everything_else() {
    let c = changed(&[
        "EXPOSE 80 53/udp 8000-8002",
        "VOLUME [\"/a\", \"/b\"]",
        "VOLUME /c /d",
        "USER me:1",
        "WORKDIR /x",
        "WORKDIR y/../z",
        "STOPSIGNAL SIGINT",
        "ONBUILD RUN make",
        "HEALTHCHECK --interval=5s --retries=3 CMD curl -f localhost",
    ])
    .unwrap();
    let ports: Vec<&str> = c.exposed_ports.iter().map(String::as_str).collect();
    assert_eq!(
        ports,
        ["53/udp", "80/tcp", "8000/tcp", "8001/tcp", "8002/tcp"]
    );
    assert_eq!(c.volumes.len(), 4);
    assert_eq!((c.user.as_str(), c.working_dir.as_str()), ("me:1", "/x/z"));
    assert_eq!(c.stop_signal.as_deref(), Some("SIGINT"));
    assert_eq!(c.on_build, ["RUN make"]);
    let health = c.healthcheck.unwrap();
    assert_eq!(health.test, ["CMD-SHELL", "curl -f localhost"]);
    assert_eq!((health.interval, health.retries), (5_000_000_000, 3));
}

#[test]
fn refusals() {
    let check = |text: &str, expected: &str| {
        let error = {
            let mut config = ContainerDefaults::default();
            match apply(&mut config, &[text.to_owned()]).unwrap_err() {
                crate::Error::Change { problem, .. } => problem,
                other => panic!("{other}"),
            }
        };
        assert!(error.contains(expected), "{text}: {error}");
    };
    check("FROM x", "FROM is not a valid change command");
    check("RUN x", "RUN is not a valid change command");
    check("FOO x", "unknown instruction: FOO");
    check("ENV", "ENV requires at least one argument");
    check("ENV a", "ENV must have two arguments");
    check("ENV a=1 b", "can't find =");
    check("ENV =1", "names can not be blank");
    check("ENV a='1", "unexpected end of statement");
    check("EXPOSE x", "invalid containerPort: x");
    check("EXPOSE 80/xyz", "invalid proto: xyz");
    check("USER a b", "USER requires exactly one argument");
    check("HEALTHCHECK FOO x", "unknown type");
    check("HEALTHCHECK --foo=1 CMD x", "unknown flag: foo");
}
