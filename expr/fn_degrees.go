package expr

import (
	"math"

	"github.com/sluicedb/sluice/sql"
)

// Constants of PostgreSQL's trigonometry in degrees (float.c), which gives exact
// results at 0, 30, 45, 60 and 90 degrees.
var (
	radian        = math.Pi / 180
	sin30         = math.Sin(30 * radian)
	oneMinusCos60 = 1 - math.Cos(60*radian)
	asinHalf      = math.Asin(0.5)
	acosHalf      = math.Acos(0.5)
	atanOne       = math.Atan(1)
	tan45         = sinQuadrant(45) / cosQuadrant(45)
	cot45         = cosQuadrant(45) / sinQuadrant(45)
)

func sinTo30(x float64) float64 { return math.Sin(x*radian) / sin30 / 2 }
func cosTo60(x float64) float64 { return 1 - (1-math.Cos(x*radian))/oneMinusCos60/2 }

// sinQuadrant and cosQuadrant are of 0 to 90 degrees.
func sinQuadrant(x float64) float64 {
	if x <= 30 {
		return sinTo30(x)
	}
	return cosTo60(90 - x)
}

func cosQuadrant(x float64) float64 {
	if x <= 60 {
		return cosTo60(x)
	}
	return sinTo30(90 - x)
}

// asinQuadrant and acosQuadrant are of 0 to 1.
func asinQuadrant(x float64) float64 {
	if x <= 0.5 {
		return math.Asin(x) / asinHalf * 30
	}
	return 90 - math.Acos(x)/acosHalf*60
}

func acosQuadrant(x float64) float64 {
	if x <= 0.5 {
		return 90 - math.Asin(x)/asinHalf*30
	}
	return math.Acos(x) / acosHalf * 60
}

// quadrant brings an angle into 0 to 90 degrees; the signs are those of sine and cosine.
func quadrant(x float64) (angle, sin, cos float64) {
	x, sin, cos = math.Mod(x, 360), 1, 1
	if x < 0 {
		x, sin = -x, -sin
	}
	if x > 180 {
		x, sin = 360-x, -sin
	}
	if x > 90 {
		x, cos = 180-x, -cos
	}
	return x, sin, cos
}

// defineDegrees defines trigonometry in degrees.
func defineDegrees(d *defs) {
	angle := func(name string, f func(x, sin, cos float64) float64) {
		d.fn(name+"(float8)", map1e(func(x float64) (float64, error) {
			switch {
			case math.IsNaN(x):
				return x, nil
			case math.IsInf(x, 0):
				return 0, sql.Errorf(sql.CodeNumericOutOfRange, "input is out of range")
			}
			return f(quadrant(x)), nil
		}))
	}
	angle("sind", func(x, sin, _ float64) float64 { return sin * sinQuadrant(x) })
	angle("cosd", func(x, _, cos float64) float64 { return cos * cosQuadrant(x) })
	notMinus := func(x float64) float64 { // not -0
		if x == 0 {
			return 0
		}
		return x
	}
	angle("tand", func(x, sin, cos float64) float64 {
		return notMinus(sin * cos * (sinQuadrant(x) / cosQuadrant(x) / tan45))
	})
	angle("cotd", func(x, sin, cos float64) float64 {
		return notMinus(sin * cos * (cosQuadrant(x) / sinQuadrant(x) / cot45))
	})
	inverse := func(name string, f func(x float64) float64) {
		d.fn(name+"(float8)", map1e(func(x float64) (float64, error) {
			switch {
			case math.IsNaN(x):
				return x, nil
			case x < -1 || x > 1:
				return 0, sql.Errorf(sql.CodeNumericOutOfRange, "input is out of range")
			}
			return f(x), nil
		}))
	}
	inverse("asind", func(x float64) float64 {
		if x >= 0 {
			return asinQuadrant(x)
		}
		return -asinQuadrant(-x)
	})
	inverse("acosd", func(x float64) float64 {
		if x >= 0 {
			return acosQuadrant(x)
		}
		return 90 + asinQuadrant(-x)
	})
	d.fn("atand(float8)", map1(func(x float64) float64 { return math.Atan(x) / atanOne * 45 }), safe)
	d.fn("atan2d(float8,float8)", map2(func(y, x float64) float64 { return math.Atan2(y, x) / atanOne * 45 }), safe)
}
