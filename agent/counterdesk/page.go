package counterdesk

import (
	"embed"
	"net/http"
)

//go:embed page
var files embed.FS

func file(name, kind string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", kind)
		http.ServeFileFS(w, r, files, "page/"+name)
	}
}
