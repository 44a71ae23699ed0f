package demo

var (
	firstNames = []string{"Ada", "Ben", "Chloé", "David", "Elif", "Farid", "Grace", "Hugo", "Ines", "Jonas", "Kaito", "Lena", "Mateo", "Nora", "Omar", "Priya", "Quinn", "Rosa", "Søren", "Tara", "Uma", "Viktor", "Wen", "Ximena", "Yara", "Zoë"}
	lastNames  = []string{"Almeida", "Becker", "Costa", "Dubois", "Eriksen", "Fischer", "García", "Haddad", "Ito", "Jansen", "Kowalski", "Larsen", "Müller", "Nguyen", "Okafor", "Petrov", "Rossi", "Silva", "Tanaka", "Ünal", "Weber", "Yilmaz"}
	countries  = []string{"DE", "US", "FR", "GB", "NL", "JP", "BR", "TR", "SE", "IN", "PL", "MX"}
	cities     = map[string][]string{
		"DE": {"Berlin", "Hamburg", "München", "Köln"}, "US": {"Chicago", "Denver", "New York", "Seattle"}, "FR": {"Lyon", "Nantes", "Paris"},
		"GB": {"Leeds", "London", "York"}, "NL": {"Amsterdam", "Utrecht"}, "JP": {"Osaka", "Tokyo"}, "BR": {"Recife", "São Paulo"}, "TR": {"Ankara", "İzmir"},
		"SE": {"Göteborg", "Malmö"}, "IN": {"Delhi", "Pune"}, "PL": {"Gdańsk", "Łódź"}, "MX": {"Mérida", "Puebla"},
	}
	categories = []string{"Kitchen", "Garden", "Office", "Outdoor", "Toys", "Books", "Audio", "Lighting", "Bath", "Tools"}
	brands     = []string{"Aster", "Birk", "Corvid", "Dune", "Ember", "Fjord", "Grove", "Harbor", "Isle", "Juniper", "Kestrel", "Lumen"}
	adjectives = []string{"Compact", "Folding", "Classic", "Bright", "Quiet", "Sturdy", "Light", "Portable", "Round", "Tall", "Warm", "Smart"}
	nouns      = []string{"Lamp", "Kettle", "Chair", "Speaker", "Backpack", "Notebook", "Shelf", "Drill", "Towel", "Puzzle", "Planter", "Clock", "Mug", "Tent", "Desk"}
	statuses   = []string{"delivered", "shipped", "placed", "returned", "cancelled"}
	channels   = []string{"web", "app", "store", "phone"}
	devices    = []string{"phone", "desktop", "tablet", "tv"}
	eventTypes = []string{"view", "search", "add_to_cart", "remove_from_cart", "checkout", "purchase", "sign_in", "sign_out"}
	notes      = []string{"Please leave it at the door.", "A gift: no invoice in the parcel.", "Call before delivery, the bell is broken.", "Deliver after 6 pm.", "Nur mit Unterschrift zustellen.", "Laisser chez le voisin."}
	searches   = []string{"lamp", "desk lamp", "garden chair", "kettle quiet", "tent 4 persons", "mug", "backpack light", "notebook", "bücherregal", "réveil"}
)
