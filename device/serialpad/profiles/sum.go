package profiles

// sum is how a check byte, or two, is made of the bytes that it covers.
type sum struct {
	wide bool // two bytes
	low  bool // of two bytes, the low one goes first
	of   func([]byte) uint16
}

// sums are the check words of a layout with one byte.
var sums = map[string]func([]byte) uint16{
	"SUM8": func(b []byte) uint16 { // sum modulo 256
		var s byte
		for _, x := range b {
			s += x
		}
		return uint16(s)
	},
	"LRC8": func(b []byte) uint16 { // what brings the sum to 0, as in Modbus ASCII
		var s byte
		for _, x := range b {
			s -= x
		}
		return uint16(s)
	},
	"XOR8": func(b []byte) uint16 {
		var s byte
		for _, x := range b {
			s ^= x
		}
		return uint16(s)
	},
}

// Crcs are the kinds of CRC16, by the names of the CRC RevEng catalogue: polynomial, register at the
// start, and whether bits go in low end first.
var crcs = map[string]func([]byte) uint16{
	"modbus":      reflected(0xA001, 0xFFFF), // 8005 reflected
	"arc":         reflected(0xA001, 0),
	"ibm-3740":    straight(0x1021, 0xFFFF), // also known as CCITT-FALSE
	"xmodem":      straight(0x1021, 0),
	"kermit":      reflected(0x8408, 0), // 1021 reflected; also known as CCITT
	"spi-fujitsu": straight(0x1021, 0x1D0F),
}

func straight(polynomial, register uint16) func([]byte) uint16 {
	return func(b []byte) uint16 {
		crc := register
		for _, x := range b {
			crc ^= uint16(x) << 8
			for range 8 {
				top := crc & 0x8000
				crc <<= 1
				if top != 0 {
					crc ^= polynomial
				}
			}
		}
		return crc
	}
}

func reflected(polynomial, register uint16) func([]byte) uint16 {
	return func(b []byte) uint16 {
		crc := register
		for _, x := range b {
			crc ^= uint16(x)
			for range 8 {
				low := crc & 1
				crc >>= 1
				if low != 0 {
					crc ^= polynomial
				}
			}
		}
		return crc
	}
}
