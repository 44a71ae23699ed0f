package rule

import "github.com/sluicedb/sluice/planner/logical"

// foldConstants evaluates constant sub-expressions. Folding raises nothing: 1/0
// stays as it is and raises when (and if) a row reaches it.
func foldConstants(c *Context, n logical.Node) logical.Node {
	if c.opt.Fold == nil {
		return n
	}
	return rewrite(n, func(n logical.Node) logical.Node { return mapExprs(n, c.opt.Fold) })
}
