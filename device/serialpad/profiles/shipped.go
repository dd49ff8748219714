package profiles

import "embed"

// Shipped are the files of the profiles that come with the program, NAME.yaml each.
//
//go:embed *.yaml
var Shipped embed.FS
