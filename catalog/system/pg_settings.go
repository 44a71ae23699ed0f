package system

func pgSettings(w *writer) error {
	if w.Settings == nil {
		return nil
	}
	for _, s := range w.Settings() {
		w.begin()
		w.set("name", s.Name, "setting", s.Value, "unit", text(s.Unit), "category", s.Category, "short_desc", s.Description,
			"context", s.Context, "vartype", s.Type, "source", s.Source, "min_val", text(s.Min), "max_val", text(s.Max),
			"boot_val", s.Boot, "reset_val", s.Reset, "pending_restart", false)
		if s.Enum != nil {
			w.set("enumvals", s.Enum)
		}
		if err := w.end(); err != nil {
			return err
		}
	}
	return nil
}

func pgStatActivity(w *writer) error {
	if w.Activity == nil {
		return nil
	}
	for _, a := range w.Activity() {
		w.begin()
		w.set("datid", CatalogOID, "datname", w.Catalog, "pid", a.PID, "usename", a.User, "application_name", a.Application,
			"client_port", a.ClientPort, "backend_start", a.BackendStart, "xact_start", a.TxnStart, "query_start", a.QueryStart,
			"state_change", a.StateChange, "wait_event_type", text(a.WaitEventType), "wait_event", text(a.WaitEvent),
			"state", a.State, "query", a.Query, "backend_type", "client backend", "client_addr", text(a.ClientAddr))
		if r := w.Snapshot.Role(a.User); r != nil {
			w.set("usesysid", r.OID)
		}
		if err := w.end(); err != nil {
			return err
		}
	}
	return nil
}

func pgCursors(w *writer) error {
	if w.Cursors == nil {
		return nil
	}
	for _, c := range w.Cursors() {
		if err := w.put("name", c.Name, "statement", c.Statement, "is_holdable", c.Hold, "is_binary", c.Binary, "is_scrollable", c.Scrollable, "creation_time", c.Created); err != nil {
			return err
		}
	}
	return nil
}

func pgPreparedStatements(w *writer) error {
	if w.Prepared == nil {
		return nil
	}
	for _, p := range w.Prepared() {
		if err := w.put("name", p.Name, "statement", p.Statement, "prepare_time", p.Prepared, "parameter_types", p.Params, "from_sql", p.FromSQL, "generic_plans", 0, "custom_plans", 0); err != nil {
			return err
		}
	}
	return nil
}
