package system

func pgNamespace(w *writer) error {
	for _, d := range w.databases("oid") {
		if err := w.put("oid", d.OID, "nspname", d.Name, "nspowner", w.ownerOID(d.Owner)); err != nil {
			return err
		}
	}
	return nil
}
