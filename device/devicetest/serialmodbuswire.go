package devicetest

// modbusFrame makes the frame address function DATA… CRC, the CRC's low byte first.
func modbusFrame(address, function byte, data ...byte) []byte {
	frame := append([]byte{address, function}, data...)
	crc := modbusCRC(frame)
	return append(frame, byte(crc), byte(crc>>8))
}

// modbusCRC is CRC-16/MODBUS; over a whole frame with its CRC it is 0.
func modbusCRC(b []byte) uint16 {
	crc := uint16(0xFFFF)
	for _, x := range b {
		crc ^= uint16(x)
		for range 8 {
			low := crc&1 != 0
			crc >>= 1
			if low {
				crc ^= 0xA001
			}
		}
	}
	return crc
}

// modbusCut takes one request from the front. The functions 01 to 06 have 8 bytes; of any other, the
// shortest run of bytes with a right CRC is a request, and silence ends what never has one.
func modbusCut(sent []byte) (frame, rest []byte) {
	if len(sent) < 4 {
		return nil, sent
	}
	if 0x01 <= sent[1] && sent[1] <= 0x06 {
		if len(sent) < 8 {
			return nil, sent
		}
		return sent[:8], sent[8:]
	}
	for n := 4; n <= len(sent); n++ {
		if modbusCRC(sent[:n]) == 0 {
			return sent[:n], sent[n:]
		}
	}
	return nil, sent
}
