package main

import (
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/hashicorp/hcl/v2/hclwrite"
)

// reduction writes a job file anew so that Nomad 1.6 takes it and runs its tasks as processes:
// without what came later, without containers, without volumes. What it took away, and what stands
// there now, it tells line by line; all else stays as it is written.
type reduction struct {
	told io.Writer
}

// A host volume's stand-in: a folder that the node names in its meta.
const folderOfNode = `"${meta.data}"`

func reduce(path string, out, told io.Writer) hcl.Diagnostics {
	text, err := os.ReadFile(path)
	if err != nil {
		return wrong(nil, "cannot be read", err.Error())
	}
	file, diags := hclwrite.ParseConfig(text, path, hcl.InitialPos)
	if diags.HasErrors() {
		return diags
	}
	r := reduction{told}
	for _, job := range file.Body().Blocks() {
		if job.Type() != "job" {
			continue
		}
		for _, group := range job.Body().Blocks() {
			if group.Type() == "group" {
				diags = append(diags, r.group(group.Body())...)
			}
		}
	}
	if _, err := file.WriteTo(out); err != nil {
		return append(diags, wrong(nil, "cannot be written", err.Error())...)
	}
	return diags
}

func (r reduction) group(body *hclwrite.Body) hcl.Diagnostics {
	var diags hcl.Diagnostics
	for _, block := range body.Blocks() {
		switch block.Type() {
		case "disconnect":
			r.removeBlock(body, block, "Nomad 1.8 has it first")
		case "volume":
			r.removeBlock(body, block, "processes mount nothing")
		case "task":
			diags = append(diags, r.task(block)...)
		}
	}
	return diags
}

func (r reduction) task(task *hclwrite.Block) hcl.Diagnostics {
	body, name := task.Body(), strings.Join(task.Labels(), ".")
	folders := map[string]bool{}
	for _, block := range body.Blocks() {
		switch block.Type() {
		case "volume_mount":
			folders[written(block.Body().GetAttribute("destination"))] = true
			r.removeBlock(body, block, "the node's folder stands in for it")
		case "template":
			if block.Body().RemoveAttribute("once") != nil {
				r.tell("task %s: once: gone; Nomad 1.10 has it first", name)
			}
		}
	}
	for _, block := range body.Blocks() {
		switch block.Type() {
		case "env":
			r.folders(block.Body(), folders)
		case "config":
			if err := r.process(block.Body(), name); err != "" {
				return wrong(nil, "not reduced", "task "+name+": "+err)
			}
		}
	}
	driver := written(body.GetAttribute("driver"))
	body.SetAttributeRaw("driver", tokensOf(`"raw_exec"`))
	r.tell("task %s: driver: raw_exec stands for %s", name, driver)
	return nil
}

// What was a mounted folder in a container is a folder of the node.
func (r reduction) folders(env *hclwrite.Body, mounted map[string]bool) {
	attributes := env.Attributes()
	for _, name := range slices.Sorted(maps.Keys(attributes)) {
		attribute := attributes[name]
		if mounted[written(attribute)] {
			r.tell("env %s: %s stands for %s", name, folderOfNode, written(attribute))
			env.SetAttributeRaw(name, tokensOf(folderOfNode))
		}
	}
}

// What a container would run becomes the process: its entrypoint, or what its image is named after.
func (r reduction) process(config *hclwrite.Body, task string) string {
	command := written(config.GetAttribute("image"))
	if entrypoint := config.GetAttribute("entrypoint"); entrypoint != nil {
		words := written(entrypoint)
		command = strings.TrimSpace(strings.TrimSuffix(strings.TrimPrefix(words, "["), "]"))
		if strings.Contains(command, ",") {
			return "an entrypoint of more than one word"
		}
	}
	if command == "" {
		return "neither an image nor an entrypoint"
	}
	for _, name := range slices.Sorted(maps.Keys(config.Attributes())) {
		if name != "args" {
			config.RemoveAttribute(name)
			r.tell("task %s: config %s: gone; it is a container's", task, name)
		}
	}
	for _, block := range config.Blocks() {
		r.removeBlock(config, block, "it is a container's")
	}
	config.SetAttributeRaw("command", tokensOf(command))
	r.tell("task %s: config command: %s", task, command)
	return ""
}

func (r reduction) removeBlock(from *hclwrite.Body, block *hclwrite.Block, why string) {
	from.RemoveBlock(block)
	r.tell("%s: gone; %s", strings.Join(append([]string{block.Type()}, block.Labels()...), " "), why)
}

func (r reduction) tell(format string, values ...any) {
	fmt.Fprintf(r.told, "reduced: "+format+"\n", values...)
}

// written is an attribute's value as it stands in the file.
func written(attribute *hclwrite.Attribute) string {
	if attribute == nil {
		return ""
	}
	return strings.TrimSpace(string(attribute.Expr().BuildTokens(nil).Bytes()))
}

func tokensOf(expression string) hclwrite.Tokens {
	return hclwrite.Tokens{{Type: hclsyntax.TokenIdent, Bytes: []byte(expression)}}
}
