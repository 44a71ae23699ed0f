package sql

// finish checks the fields and completes them.
func (d *dtDecoder) finish() dtFault {
	if d.special >= 0 {
		return dtOK
	}
	if d.have&hasYear != 0 && !d.julian {
		switch {
		case d.bc:
			if d.year <= 0 {
				return dtOverflow
			}
			d.year = 1 - d.year
		case d.twoDigit:
			if d.year < 70 {
				d.year += 2000
			} else {
				d.year += 1900
			}
		case d.year <= 0:
			return dtOverflow
		}
	}
	if d.have&hasDOY != 0 {
		d.year, d.month, d.day = CivilOf(DaysOf(d.year, 1, 1) + int64(d.yday) - 1)
	}
	if d.have&hasMonth != 0 && (d.month < 1 || d.month > 12) {
		return dtMDOverflow
	}
	if d.have&hasDay != 0 && (d.day < 1 || d.day > 31) {
		return dtMDOverflow
	}
	if d.have&hasDate == hasDate && d.day > DaysInMonth(d.year, d.month) {
		return dtOverflow
	}
	if d.ampm >= 0 && d.hour > 12 {
		return dtOverflow
	}
	switch {
	case d.ampm == 0 && d.hour == 12:
		d.hour = 0
	case d.ampm == 1 && d.hour != 12:
		d.hour += 12
	}
	if d.min > 59 || d.sec > 60 || d.hour > 24 || d.hour == 24 && (d.min|d.sec|d.us) != 0 {
		return dtOverflow
	}
	if d.timeOnly {
		if d.have&hasTime == 0 {
			return dtBadFormat
		}
		// Without a date the offset of a zone with transitions is undecided.
		if d.zone != nil && !d.zoneAbbrev && d.have&hasDate != hasDate && !constantZone(d.zone) {
			return dtBadFormat
		}
		return dtOK
	}
	if d.have&hasDate != hasDate {
		return dtBadFormat
	}
	return dtOK
}

// micros returns the time of day.
func (d *dtDecoder) micros() int64 {
	return int64(d.hour)*MicrosPerHour + int64(d.min)*MicrosPerMinute + int64(d.sec)*MicrosPerSecond + int64(d.us)
}
