package main

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"text/template"
	"time"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/hashicorp/nomad/api"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/convert"
	ctyjson "github.com/zclconf/go-cty/cty/json"
)

var lengthOfTime = reflect.TypeOf(time.Duration(0))

// found is a block: its attributes by name, and under each name of a block a list of them.
type found map[string]any

func jobOf(body *hclsyntax.Body, scope *hcl.EvalContext) (any, hcl.Diagnostics) {
	var job any
	var diags hcl.Diagnostics
	for _, block := range body.Blocks {
		switch block.Type {
		case "variable", "locals":
		case "job":
			job, diags = blockOf(block, reflect.TypeOf(api.Job{}), scope)
		default:
			return nil, wrong(block.DefRange().Ptr(), "unexpected block", block.Type)
		}
	}
	if job == nil {
		return nil, append(diags, wrong(nil, "no job", "the file has no job block")...)
	}
	return job, diags
}

// fieldsOf are the names that a type of the API has in a job file, and what is behind each.
func fieldsOf(kind reflect.Type) map[string]reflect.Type {
	fields := map[string]reflect.Type{}
	for i := range kind.NumField() {
		name, what, _ := strings.Cut(kind.Field(i).Tag.Get("hcl"), ",")
		if name != "" && what != "label" {
			fields[name] = kind.Field(i).Type
		}
	}
	return fields
}

func blockOf(block *hclsyntax.Block, kind reflect.Type, scope *hcl.EvalContext) (found, hcl.Diagnostics) {
	kind = element(kind)
	result := found{}
	if len(block.Labels) > 0 {
		result["label"] = block.Labels[0]
	}
	if kind.Kind() == reflect.Map {
		return result, freeBody(block.Body, result, scope)
	}
	fields := fieldsOf(kind)
	var diags hcl.Diagnostics
	for name, attribute := range block.Body.Attributes {
		field, known := fields[name]
		if !known {
			diags = append(diags, wrong(&attribute.NameRange, "unsupported attribute", where(name, block))...)
			continue
		}
		value, problem := attributeOf(attribute, field, scope)
		diags = append(diags, problem...)
		result[name] = value
	}
	for _, inner := range block.Body.Blocks {
		diags = append(diags, innerBlock(inner, block, fields, result, scope)...)
	}
	return result, append(diags, templateOf(block, result)...)
}

func innerBlock(
	inner, outer *hclsyntax.Block, fields map[string]reflect.Type, result found, scope *hcl.EvalContext,
) hcl.Diagnostics {
	if inner.Type == "dynamic" {
		return dynamicBlocks(inner, outer, fields, result, scope)
	}
	field, known := fields[inner.Type]
	if !known {
		return wrong(inner.DefRange().Ptr(), "unsupported block", where(inner.Type, outer))
	}
	block, diags := blockOf(inner, field, scope)
	list, _ := result[inner.Type].([]any)
	result[inner.Type] = append(list, block)
	return diags
}

func dynamicBlocks(
	inner, outer *hclsyntax.Block, fields map[string]reflect.Type, result found, scope *hcl.EvalContext,
) hcl.Diagnostics {
	name := inner.Labels[0]
	each, diags := inner.Body.Attributes["for_each"].Expr.Value(scope)
	if diags.HasErrors() {
		return diags
	}
	for it := each.ElementIterator(); it.Next(); {
		key, value := it.Element()
		iteration := scope.NewChild()
		iteration.Variables = map[string]cty.Value{
			name: cty.ObjectVal(map[string]cty.Value{"key": key, "value": value}),
		}
		block := *inner.Body.Blocks[0]
		block.Type = name
		block.Labels = nil
		diags = append(diags, innerBlock(&block, outer, fields, result, iteration)...)
	}
	return diags
}

// A block whose names are its author's: env, meta, a driver's config.
func freeBody(body *hclsyntax.Body, result found, scope *hcl.EvalContext) hcl.Diagnostics {
	var diags hcl.Diagnostics
	for name, attribute := range body.Attributes {
		value, problem := attribute.Expr.Value(scope)
		diags = append(diags, problem...)
		result[name] = plain(value)
	}
	for _, inner := range body.Blocks {
		block := found{}
		diags = append(diags, freeBody(inner.Body, block, scope)...)
		list, _ := result[inner.Type].([]any)
		result[inner.Type] = append(list, block)
	}
	return diags
}

func attributeOf(attribute *hclsyntax.Attribute, field reflect.Type, scope *hcl.EvalContext) (any, hcl.Diagnostics) {
	value, diags := attribute.Expr.Value(scope)
	if diags.HasErrors() {
		return nil, diags
	}
	if err := fits(value, element(field)); err != nil {
		return nil, wrong(attribute.Expr.Range().Ptr(), "invalid value of "+attribute.Name, err.Error())
	}
	return plain(value), nil
}

// fits says whether a value can become what a field of the API is.
func fits(value cty.Value, field reflect.Type) error {
	if field == lengthOfTime {
		text, err := convert.Convert(value, cty.String)
		if err == nil {
			_, err = time.ParseDuration(text.AsString())
		}
		return err
	}
	var err error
	switch field.Kind() {
	case reflect.String:
		_, err = convert.Convert(value, cty.String)
	case reflect.Bool:
		_, err = convert.Convert(value, cty.Bool)
	case reflect.Int, reflect.Int8, reflect.Int64, reflect.Uint8, reflect.Uint64:
		_, err = convert.Convert(value, cty.Number)
	case reflect.Slice, reflect.Map, reflect.Interface:
	default:
		err = fmt.Errorf("jobcheck does not know fields of %s", field)
	}
	return err
}

// Behind pointers and lists stands what one block or value is.
func element(kind reflect.Type) reflect.Type {
	for kind.Kind() == reflect.Pointer || isListOfBlocks(kind) {
		kind = kind.Elem()
	}
	return kind
}

func isListOfBlocks(kind reflect.Type) bool {
	if kind.Kind() != reflect.Slice && kind.Kind() != reflect.Map {
		return false
	}
	inner := kind.Elem()
	return inner.Kind() == reflect.Struct ||
		inner.Kind() == reflect.Pointer && inner.Elem().Kind() == reflect.Struct
}

// The text of a template is checked as far as that goes without the servers it asks.
func templateOf(block *hclsyntax.Block, result found) hcl.Diagnostics {
	if block.Type != "template" || result["data"] == nil {
		return nil
	}
	// One with marks of its own is a file that has braces in it.
	left, right := "{{", "}}"
	if result["left_delimiter"] != nil {
		left, right = text(result["left_delimiter"]), text(result["right_delimiter"])
	}
	nothing := func(...string) (map[string]string, error) { return nil, nil }
	known := template.FuncMap{"nomadVar": nothing, "secret": nothing, "env": nothing}
	if _, err := template.New("data").Delims(left, right).Funcs(known).Parse(text(result["data"])); err != nil {
		return wrong(block.DefRange().Ptr(), "invalid template", err.Error())
	}
	return nil
}

// text is the text that a value is.
func text(value any) string {
	var text string
	if raw, ok := value.(json.RawMessage); ok && json.Unmarshal(raw, &text) == nil {
		return text
	}
	return ""
}

func plain(value cty.Value) any {
	text, err := ctyjson.Marshal(value, value.Type())
	if err != nil {
		return nil
	}
	return json.RawMessage(text)
}

func where(name string, block *hclsyntax.Block) string {
	return fmt.Sprintf("Nomad knows no %s in %s", name, block.Type)
}
