// Command jobcheck reads a Nomad job file as Nomad would, and writes down what it found, as JSON.
//
//	jobcheck [-var name=value]... [-var-file file]... job.nomad.hcl
//	jobcheck -reduce job.nomad.hcl
//
// It evaluates variables, their validations, locals and dynamic blocks, and holds every block and
// attribute against the types of Nomad's API: one that Nomad does not know is an error, with its
// line. It asks no server, so it knows nothing of what only a server knows: drivers, volumes, nodes.
//
// The second form writes the file anew for Nomad 1.6 without containers: reduce.go.
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
)

type words []string

func (w *words) String() string     { return strings.Join(*w, " ") }
func (w *words) Set(s string) error { *w = append(*w, s); return nil }

func main() {
	var vars, files words
	flag.Var(&vars, "var", "name=value")
	flag.Var(&files, "var-file", "a file of values")
	reduced := flag.Bool("reduce", false, "write the file anew, as Nomad 1.6 takes it")
	flag.Parse()
	if flag.NArg() != 1 {
		fmt.Fprintln(os.Stderr, "jobcheck: expected one job file")
		os.Exit(2)
	}
	if *reduced {
		endIfWrong(reduce(flag.Arg(0), os.Stdout, os.Stderr))
		return
	}
	job, diags := check(flag.Arg(0), vars, files)
	endIfWrong(diags)
	if err := json.NewEncoder(os.Stdout).Encode(job); err != nil {
		fmt.Fprintln(os.Stderr, "jobcheck:", err)
		os.Exit(1)
	}
}

func endIfWrong(diags hcl.Diagnostics) {
	for _, found := range diags {
		fmt.Fprintf(os.Stderr, "%s: %s: %s\n", place(found), found.Summary, found.Detail)
	}
	if diags.HasErrors() {
		os.Exit(1)
	}
}

func place(found *hcl.Diagnostic) string {
	if found.Subject == nil {
		return "?"
	}
	return fmt.Sprintf("%s:%d", found.Subject.Filename, found.Subject.Start.Line)
}

// check is the whole way of one file.
func check(path string, vars, files []string) (any, hcl.Diagnostics) {
	body, diags := parsed(path)
	if diags.HasErrors() {
		return nil, diags
	}
	scope, diags := newScope(body, filepath.Dir(path), vars, files)
	if diags.HasErrors() {
		return nil, diags
	}
	return jobOf(body, scope)
}

func parsed(path string) (*hclsyntax.Body, hcl.Diagnostics) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, wrong(nil, "cannot be read", err.Error())
	}
	file, diags := hclsyntax.ParseConfig(text, path, hcl.InitialPos)
	if diags.HasErrors() {
		return nil, diags
	}
	return file.Body.(*hclsyntax.Body), nil
}

func wrong(at *hcl.Range, summary, detail string) hcl.Diagnostics {
	return hcl.Diagnostics{{
		Severity: hcl.DiagError, Summary: summary, Detail: detail, Subject: at,
	}}
}
