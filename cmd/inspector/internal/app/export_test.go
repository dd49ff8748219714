package app

import "evalpad/cmd/inspector/internal/ledger"

// Ledger is the open ledger, for a story that asks it directly.
func (a *App) Ledger() *ledger.Ledger { return a.ledger }
