package agent

import (
	"evalpad/sync/seal"
	"evalpad/sync/wire"
)

// link is where a customer can rate on their own phone. The token is behind the #, which a phone's browser
// keeps to itself: it stands in no log of a server, a proxy or a preview on the way, where somebody else
// could find it before the customer has used it.
func (a *Agent) link(c Counter, evaluation string, at wire.Stamp) string {
	token, err := seal.SealToken(a.key, a.o.Place.Device, c.Counter, evaluation, at)
	if err != nil {
		a.o.Log.Error("no code for a phone is shown", "counter", c.Counter, "error", err)
		return ""
	}
	return c.QR + "#" + token
}
