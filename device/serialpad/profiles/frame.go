package profiles

// MaxData is the most bytes of DATA that a frame can have.
const MaxData = 64

// maxFrame is the most bytes of a frame on the line; see layout.fits.
const maxFrame = 160

// Frame is a whole frame whose check is right, without what is the same in every frame. Frames are
// equal if they say the same. Which of the fields a frame has is its layout's affair; the others are 0.
type Frame struct {
	Address  byte
	Function byte
	Number   byte // of the message: a frame that is sent again has the same
	any      byte // what stands for ANY, which an acknowledgement gives back
	n        uint8
	data     [MaxData]byte
}

// Data gives the bytes of DATA.
func (f *Frame) Data() []byte { return f.data[:f.n] }

func (f *Frame) setData(data []byte) { f.n = uint8(copy(f.data[:], data)) }

// MakeFrame makes a frame of up to MaxData bytes of data.
func MakeFrame(address, function, number byte, data ...byte) Frame {
	f := Frame{Address: address, Function: function, Number: number}
	f.setData(data)
	return f
}
