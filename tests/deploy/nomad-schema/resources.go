package main

import (
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

// What a resource may be given, as far as terraform/ uses it.
var resources = map[string]schema.Schema{
	"variable": {Attributes: map[string]schema.Attribute{
		"id":        computed(),
		"path":      schema.StringAttribute{Required: true},
		"namespace": optional(),
		"items":     schema.MapAttribute{Optional: true, Sensitive: true, ElementType: types.StringType},
		// JSON, and kept in neither plan nor state.
		"items_wo":         schema.StringAttribute{Optional: true, Sensitive: true, WriteOnly: true},
		"items_wo_version": schema.Int64Attribute{Optional: true},
	}},
	"acl_policy": {
		Attributes: map[string]schema.Attribute{
			"id":          computed(),
			"name":        schema.StringAttribute{Required: true},
			"description": optional(),
			"rules_hcl":   schema.StringAttribute{Required: true},
		},
		Blocks: map[string]schema.Block{
			"job_acl": block(map[string]schema.Attribute{
				"namespace": optional(),
				"job_id":    schema.StringAttribute{Required: true},
				"group":     optional(),
				"task":      optional(),
			}),
		},
	},
	"dynamic_host_volume": {
		Attributes: map[string]schema.Attribute{
			"id":           computed(),
			"name":         schema.StringAttribute{Required: true},
			"namespace":    optional(),
			"plugin_id":    schema.StringAttribute{Required: true},
			"capacity_max": optional(),
			"capacity_min": optional(),
			"node_id":      schema.StringAttribute{Optional: true, Computed: true},
			"node_pool":    schema.StringAttribute{Optional: true, Computed: true},
			"parameters":   schema.MapAttribute{Optional: true, ElementType: types.StringType},
			"host_path":    computed(),
			"state":        computed(),
		},
		Blocks: map[string]schema.Block{
			"capability": block(map[string]schema.Attribute{
				"access_mode":     schema.StringAttribute{Required: true},
				"attachment_mode": schema.StringAttribute{Required: true},
			}),
			"constraint": block(map[string]schema.Attribute{
				"attribute": schema.StringAttribute{Required: true},
				"value":     optional(),
				"operator":  optional(),
			}),
		},
	},
	"job": {
		Attributes: map[string]schema.Attribute{
			"id":                      computed(),
			"jobspec":                 schema.StringAttribute{Required: true},
			"detach":                  schema.BoolAttribute{Optional: true},
			"policy_override":         schema.BoolAttribute{Optional: true},
			"deregister_on_destroy":   schema.BoolAttribute{Optional: true},
			"deregister_on_id_change": schema.BoolAttribute{Optional: true},
			"purge_on_destroy":        schema.BoolAttribute{Optional: true},
			"preserve_counts":         schema.BoolAttribute{Optional: true},
			"json":                    schema.BoolAttribute{Optional: true},
			"name":                    computed(),
			"namespace":               computed(),
			"region":                  computed(),
			"type":                    computed(),
			"modify_index":            computed(),
			"deployment_id":           computed(),
			"deployment_status":       computed(),
		},
		Blocks: map[string]schema.Block{
			"hcl2": block(map[string]schema.Attribute{
				"allow_fs": schema.BoolAttribute{Optional: true},
				"vars":     schema.MapAttribute{Optional: true, ElementType: types.StringType},
			}),
			"timeouts": schema.SingleNestedBlock{Attributes: map[string]schema.Attribute{
				"create": optional(),
				"update": optional(),
			}},
		},
	},
}

func computed() schema.Attribute { return schema.StringAttribute{Computed: true} }
func optional() schema.Attribute { return schema.StringAttribute{Optional: true} }

func block(attributes map[string]schema.Attribute) schema.Block {
	return schema.ListNestedBlock{NestedObject: schema.NestedBlockObject{Attributes: attributes}}
}
