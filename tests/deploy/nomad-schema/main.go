// Command nomad-schema stands in for Terraform's provider for Nomad where that cannot be had, for
// `terraform validate` and for tests with a mocked provider: both ask a provider only which
// arguments there are. What stands here was read from the source of hashicorp/nomad 2.6. It does
// nothing: what would be made with it, is refused.
package main

import (
	"context"
	"log"

	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/provider"
	"github.com/hashicorp/terraform-plugin-framework/providerserver"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
)

func main() {
	options := providerserver.ServeOpts{Address: "registry.terraform.io/hashicorp/nomad"}
	if err := providerserver.Serve(context.Background(), func() provider.Provider { return nomad{} }, options); err != nil {
		log.Fatal(err)
	}
}

type nomad struct{}

func (nomad) Metadata(_ context.Context, _ provider.MetadataRequest, said *provider.MetadataResponse) {
	said.TypeName = "nomad"
}

func (nomad) Schema(context.Context, provider.SchemaRequest, *provider.SchemaResponse)          {}
func (nomad) Configure(context.Context, provider.ConfigureRequest, *provider.ConfigureResponse) {}
func (nomad) DataSources(context.Context) []func() datasource.DataSource                        { return nil }

func (nomad) Resources(context.Context) []func() resource.Resource {
	all := make([]func() resource.Resource, 0, len(resources))
	for name, what := range resources {
		all = append(all, func() resource.Resource { return described{name, what} })
	}
	return all
}

// described is a resource that is known and cannot be made.
type described struct {
	name   string
	schema schema.Schema
}

func (d described) Metadata(_ context.Context, _ resource.MetadataRequest, said *resource.MetadataResponse) {
	said.TypeName = "nomad_" + d.name
}

func (d described) Schema(_ context.Context, _ resource.SchemaRequest, said *resource.SchemaResponse) {
	said.Schema = d.schema
}

const refusal = "this provider only describes resources; take the real one of hashicorp/nomad"

func (d described) Create(_ context.Context, _ resource.CreateRequest, said *resource.CreateResponse) {
	said.Diagnostics.AddError("nothing is made", refusal)
}

func (d described) Read(_ context.Context, _ resource.ReadRequest, said *resource.ReadResponse) {
	said.Diagnostics.AddError("nothing is read", refusal)
}

func (d described) Update(_ context.Context, _ resource.UpdateRequest, said *resource.UpdateResponse) {
	said.Diagnostics.AddError("nothing is changed", refusal)
}

func (d described) Delete(_ context.Context, _ resource.DeleteRequest, said *resource.DeleteResponse) {
	said.Diagnostics.AddError("nothing is removed", refusal)
}
