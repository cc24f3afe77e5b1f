package main

import (
	"maps"
	"os"
	"path/filepath"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/ext/tryfunc"
	"github.com/hashicorp/hcl/v2/ext/typeexpr"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/convert"
	"github.com/zclconf/go-cty/cty/function"
	"github.com/zclconf/go-cty/cty/function/stdlib"
)

// Of the functions that Nomad has, those that the job files use.
var functions = map[string]function.Function{
	"can":        tryfunc.CanFunc,
	"concat":     stdlib.ConcatFunc,
	"contains":   stdlib.ContainsFunc,
	"floor":      stdlib.FloorFunc,
	"format":     stdlib.FormatFunc,
	"join":       stdlib.JoinFunc,
	"jsonencode": stdlib.JSONEncodeFunc,
	"length":     stdlib.LengthFunc,
	"lower":      stdlib.LowerFunc,
	"split":      stdlib.SplitFunc,
	"trimprefix": stdlib.TrimPrefixFunc,
	"trimsuffix": stdlib.TrimSuffixFunc,
}

// Files count from the job file's folder.
func fileFunctions(folder string) map[string]function.Function {
	all := map[string]function.Function{
		"file": function.New(&function.Spec{
			Params: []function.Parameter{{Name: "path", Type: cty.String}},
			Type:   function.StaticReturnType(cty.String),
			Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) {
				text, err := os.ReadFile(filepath.Join(folder, args[0].AsString()))
				return cty.StringVal(string(text)), err
			},
		}),
		"fileset": function.New(&function.Spec{
			Params: []function.Parameter{{Name: "folder", Type: cty.String}, {Name: "pattern", Type: cty.String}},
			Type:   function.StaticReturnType(cty.Set(cty.String)),
			Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) {
				return filesOf(filepath.Join(folder, args[0].AsString()), args[1].AsString())
			},
		}),
	}
	maps.Copy(all, functions)
	return all
}

func filesOf(folder, pattern string) (cty.Value, error) {
	files, err := filepath.Glob(filepath.Join(folder, pattern))
	if err != nil || len(files) == 0 {
		return cty.SetValEmpty(cty.String), err
	}
	names := make([]cty.Value, len(files))
	for i, file := range files {
		name, err := filepath.Rel(folder, file)
		if err != nil {
			return cty.SetValEmpty(cty.String), err
		}
		names[i] = cty.StringVal(name)
	}
	return cty.SetVal(names), nil
}

// newScope holds the values of all variables and locals of a file.
func newScope(body *hclsyntax.Body, folder string, vars, files []string) (*hcl.EvalContext, hcl.Diagnostics) {
	scope := &hcl.EvalContext{Variables: atRuntime(body), Functions: fileFunctions(folder)}
	given, diags := givenValues(vars, files)
	values := map[string]cty.Value{}
	for _, block := range body.Blocks {
		if block.Type != "variable" {
			continue
		}
		name := block.Labels[0]
		value, found := valueOf(block, given[name], scope)
		diags = append(diags, found...)
		values[name] = value
		delete(given, name)
	}
	for name := range given {
		diags = append(diags, wrong(nil, "unknown variable", name+" is not declared")...)
	}
	if diags.HasErrors() {
		return nil, diags
	}
	scope.Variables["var"] = cty.ObjectVal(values)
	for _, block := range body.Blocks {
		if block.Type == "variable" {
			diags = append(diags, validated(block, scope)...)
		}
	}
	return scope, append(diags, addLocals(body, scope)...)
}

func addLocals(body *hclsyntax.Body, scope *hcl.EvalContext) hcl.Diagnostics {
	var diags hcl.Diagnostics
	locals := map[string]cty.Value{}
	for _, block := range body.Blocks {
		if block.Type != "locals" {
			continue
		}
		for name, attribute := range block.Body.Attributes {
			value, found := attribute.Expr.Value(scope)
			diags = append(diags, found...)
			locals[name] = value
		}
	}
	scope.Variables["local"] = cty.ObjectVal(locals)
	return diags
}

// What was said on the command line wins over files. A text becomes what its variable is of.
func givenValues(vars, files []string) (map[string]hcl.Expression, hcl.Diagnostics) {
	var diags hcl.Diagnostics
	given := map[string]hcl.Expression{}
	for _, file := range files {
		body, found := parsed(file)
		diags = append(diags, found...)
		if found.HasErrors() {
			continue
		}
		for name, attribute := range body.Attributes {
			given[name] = attribute.Expr
		}
	}
	for _, word := range vars {
		name, text, _ := strings.Cut(word, "=")
		given[name] = said(text)
	}
	return given, diags
}

// As Nomad reads it: a list or an object is an expression, anything else a text.
func said(text string) hcl.Expression {
	if strings.HasPrefix(text, "[") || strings.HasPrefix(text, "{") {
		if expression, diags := hclsyntax.ParseExpression([]byte(text), "-var", hcl.InitialPos); !diags.HasErrors() {
			return expression
		}
	}
	return hcl.StaticExpr(cty.StringVal(text), hcl.Range{Filename: "-var", Start: hcl.InitialPos})
}

func valueOf(block *hclsyntax.Block, given hcl.Expression, scope *hcl.EvalContext) (cty.Value, hcl.Diagnostics) {
	for _, wanted := range []string{"type", "description"} {
		if block.Body.Attributes[wanted] == nil {
			return cty.DynamicVal, wrong(block.DefRange().Ptr(), "incomplete variable", "no "+wanted)
		}
	}
	kind, diags := typeexpr.Type(block.Body.Attributes["type"].Expr)
	if diags.HasErrors() {
		return cty.DynamicVal, diags
	}
	expression := given
	if expression == nil {
		fallback := block.Body.Attributes["default"]
		if fallback == nil {
			detail := block.Labels[0] + " has no value; give one with -var or in a -var-file"
			return cty.UnknownVal(kind), wrong(block.DefRange().Ptr(), "missing variable", detail)
		}
		expression = fallback.Expr
	}
	value, diags := expression.Value(scope)
	if diags.HasErrors() {
		return cty.UnknownVal(kind), diags
	}
	value, err := convert.Convert(value, kind)
	if err != nil {
		return cty.UnknownVal(kind), wrong(block.DefRange().Ptr(), "invalid value", block.Labels[0]+": "+err.Error())
	}
	return value, nil
}

func validated(block *hclsyntax.Block, scope *hcl.EvalContext) hcl.Diagnostics {
	var diags hcl.Diagnostics
	for _, rule := range block.Body.Blocks {
		holds, found := rule.Body.Attributes["condition"].Expr.Value(scope)
		diags = append(diags, found...)
		reason, found := rule.Body.Attributes["error_message"].Expr.Value(scope)
		diags = append(diags, found...)
		if !diags.HasErrors() && holds.False() {
			diags = append(diags, wrong(block.DefRange().Ptr(), "invalid value for "+block.Labels[0], reason.AsString())...)
		}
	}
	return diags
}

// What only a node knows (${node.unique.id}, ${NOMAD_PORT_http}) stays as it is written.
func atRuntime(body *hclsyntax.Body) map[string]cty.Value {
	tree := map[string]any{}
	hclsyntax.VisitAll(body, func(node hclsyntax.Node) hcl.Diagnostics {
		expression, ok := node.(*hclsyntax.ScopeTraversalExpr)
		if !ok || !isOfNode(expression.Traversal.RootName()) {
			return nil
		}
		branch, path := tree, steps(expression.Traversal)
		for _, step := range path[:len(path)-1] {
			next, ok := branch[step].(map[string]any)
			if !ok {
				next = map[string]any{}
				branch[step] = next
			}
			branch = next
		}
		branch[path[len(path)-1]] = "${" + strings.Join(path, ".") + "}"
		return nil
	})
	return object(tree)
}

func isOfNode(root string) bool {
	return strings.HasPrefix(root, "NOMAD_") || root == "node" || root == "attr" || root == "meta"
}

func steps(traversal hcl.Traversal) []string {
	path := []string{traversal.RootName()}
	for _, step := range traversal[1:] {
		if attribute, ok := step.(hcl.TraverseAttr); ok {
			path = append(path, attribute.Name)
		}
	}
	return path
}

func object(tree map[string]any) map[string]cty.Value {
	values := map[string]cty.Value{}
	for name, branch := range tree {
		if text, ok := branch.(string); ok {
			values[name] = cty.StringVal(text)
		} else {
			values[name] = cty.ObjectVal(object(branch.(map[string]any)))
		}
	}
	return values
}
