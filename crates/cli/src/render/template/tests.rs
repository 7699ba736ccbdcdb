//! Templates against what docker's client prints for the same document and template.

use super::Template;
use crate::render::value::Value;

const DOCUMENT: &str = r#"{"Id":"aaaaaaaaaaaa","State":{"Status":"running","Running":true,
"Paused":false,"Pid":42,"Error":""},"Config":{"Hostname":"h","Labels":{"b":"2","a":"1"},
"Env":["A=1","B=2"],"Cmd":["sh"],"Entrypoint":null,"ExposedPorts":{"80/tcp":{}}},
"HostConfig":{"Memory":0,"Binds":null,"PidsLimit":null,"LogConfig":{"Type":"json-file","Config":{}}},
"NetworkSettings":{"Networks":{"none":{"IPAddress":"10.0.0.2"}}}}"#;

fn render(source: &str) -> Result<String, String> {
    let data = Value::from_json(DOCUMENT).unwrap();
    Template::parse(source).and_then(|template| template.render(&data))
}

fn check(source: &str, expected: &str) {
    assert_eq!(render(source).as_deref(), Ok(expected), "{source}");
}

fn refused(source: &str, expected: &str) {
    assert_eq!(render(source).unwrap_err(), expected, "{source}");
}

#[test]
fn fields_are_followed() {
    check("{{.Id}}", "aaaaaaaaaaaa");
    check("{{.ID}}", "aaaaaaaaaaaa");
    check("{{.State}}", "{running true false 42 }");
    check("{{.State.Pid}} {{ .State.Status }}", "42 running");
    check("{{.Config.Labels}}", "map[a:1 b:2]");
    check("{{.Config.Env}} {{.Config.Entrypoint}}", "[A=1 B=2] []");
    check("{{.Config.Labels.zz}}", "<no value>");
    check(
        "{{.HostConfig.Binds}} {{.HostConfig.PidsLimit}}",
        "[] <nil>",
    );
    check("{{.NetworkSettings.Networks.none.IPAddress}}", "10.0.0.2");
    check(
        "{{(index .NetworkSettings.Networks \"none\").IPAddress}}",
        "10.0.0.2",
    );
    check("{{.HostConfig.LogConfig}}", "{json-file map[]}");
}

#[test]
fn branches_and_loops() {
    check("{{range .Config.Env}}{{.}};{{end}}", "A=1;B=2;");
    check(
        "{{range $k, $v := .Config.Labels}}{{$k}}={{$v}},{{else}}none{{end}}",
        "a=1,b=2,",
    );
    check("{{range .HostConfig.Binds}}x{{else}}none{{end}}", "none");
    check(
        "{{range $i, $e := .Config.Env}}{{if $i}}, {{end}}{{$e}}{{end}}",
        "A=1, B=2",
    );
    check(
        "{{range .Config.Env}}{{if eq . \"B=2\"}}{{break}}{{end}}{{.}}{{end}}",
        "A=1",
    );
    check(
        "{{range .Config.Env}}{{if eq . \"A=1\"}}{{continue}}{{end}}{{.}}{{end}}",
        "B=2",
    );
    check(
        "{{with .Config}}{{.Hostname}} {{$.Id}}{{end}}",
        "h aaaaaaaaaaaa",
    );
    check(
        "{{if .State.Paused}}P{{else if .State.Running}}R{{else}}S{{end}}",
        "R",
    );
    check("{{$x := 1}}{{if true}}{{$x = 2}}{{end}}{{$x}}", "2");
    check("a {{- .Id -}}  b", "aaaaaaaaaaaaab");
    check("{{/* nothing */}}x{{- /* more */ -}} y", "xy");
    check(
        "{{define \"n\"}}<{{.}}>{{end}}{{template \"n\" .Id}}",
        "<aaaaaaaaaaaa>",
    );
}

#[test]
fn functions_are_called() {
    check("{{json .Config.Env}}", "[\"A=1\",\"B=2\"]");
    check("{{json .Config.Entrypoint}}", "null");
    check(
        "{{.State | json}}",
        "{\"Status\":\"running\",\"Running\":true,\"Paused\":false,\"Pid\":42,\"Error\":\"\"}",
    );
    check(
        "{{join .Config.Env \",\"}} {{upper \"a\"}} {{title \"abc def\"}}",
        "A=1,B=2 A Abc Def",
    );
    check(
        "{{pad \"x\" 2 3}}| {{truncate \"abcdef\" 3}} {{split \"a,b\" \",\"}}",
        "  x   | abc [a b]",
    );
    check(
        "{{index .Config.Labels \"a\"}}{{index .Config.Labels \"zz\"}}",
        "1",
    );
    check(
        "{{len .Config.Env}} {{slice .Id 0 3}} {{index .Config.Env 1}}",
        "2 aaa B=2",
    );
    check(
        "{{not true}} {{and 1 0}} {{or 0 \"x\"}} {{lt 1 2}}",
        "false 0 x true",
    );
    check(
        "{{eq .State.Status \"exited\" \"running\"}} {{ne 1 2}} {{ge 2 2}}",
        "true true true",
    );
    check(
        "{{html \"<a>\"}} {{urlquery \"a b\"}} {{js \"x\"}}",
        "&lt;a&gt; a+b x",
    );
    check("{{println \"a\" 1}}", "a 1\n");
    check("{{print 1 2 \"x\" 3}}", "1 2x3");
    check("{{.Id | printf \"%.4s\" | upper}}", "AAAA");
    check(
        "{{printf \"%s %d %v %q %5d|%-5s|%x %t %T\" \"a\" 1 2 \"q\" 3 \"b\" 255 true 1.5}}",
        "a 1 2 \"q\"     3|b    |ff true float64",
    );
    check(
        "{{printf \"%05d %.2f %d\" 42 1.5 \"x\"}}",
        "00042 1.50 %!d(string=x)",
    );
    check("{{printf \"%s\"}}", "%!s(MISSING)");
    check("{{`raw`}} {{'a'}}", "raw 97");
}

#[test]
fn errors_are_gos() {
    refused("{{foo}}", "template: :1: function \"foo\" not defined");
    refused("{{.Id", "template: :1: unclosed action");
    refused("{{if}}", "template: :1: missing value for if");
    refused("{{end}}", "template: :1: unexpected {{end}}");
    refused("{{if .Id}}x", "template: :1: unexpected EOF");
    refused("{{\"a}}", "template: :1: unterminated quoted string");
    refused(
        "{{.Id | nofunc}}",
        "template: :1: function \"nofunc\" not defined",
    );
    refused(
        "{{$x := 1}}{{$x}}{{$y}}",
        "template: :1: undefined variable \"$y\"",
    );
    refused(
        "{{.Foo}}",
        "template: :1:2: executing \"\" at <.Foo>: map has no entry for key \"Foo\"",
    );
    refused(
        "{{.State.Foo}}",
        "template: :1:8: executing \"\" at <.State.Foo>: map has no entry for key \"Foo\"",
    );
    refused(
        "{{.State.Pid.X}}",
        "template: :1:8: executing \"\" at <.State.Pid.X>: can't evaluate field X in type \
         interface {}",
    );
    refused(
        "{{eq 1 \"a\"}}",
        "template: :1:2: executing \"\" at <eq 1 \"a\">: error calling eq: incompatible types for \
         comparison",
    );
    refused(
        "{{len .Config.Env}} {{slice .Id 0 3}} {{index .Config.Env 5}}",
        "template: :1:40: executing \"\" at <index .Config.Env 5>: error calling index: index out \
         of range: 5",
    );
    refused(
        "{{template \"x\"}}",
        "template: :1:11: executing \"\" at <{{template \"x\"}}>: template \"x\" not defined",
    );
}

#[test]
fn hostile_templates_end() {
    assert!(render("{{define \"a\"}}{{template \"a\"}}{{end}}{{template \"a\"}}").is_err());
    for source in [
        "{{",
        "{{(",
        "{{(.Id}}",
        "{{)}}",
        "{{|}}",
        "{{.Id |}}",
        "{{..}}",
        "{{$}}{{$",
        "{{\u{1}}}",
    ] {
        render(source).ok();
    }
}
