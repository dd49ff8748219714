package main

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"evalpad/agent"
	"evalpad/cmd/internal/config"
)

// pad looks at what stands at one counter.
func (d *doctor) pad(c config.Counter, box config.Pad, status *agent.Status) {
	if c.Serial != nil {
		d.serial(c, box)
	}
	if c.USB != nil {
		d.usb(c)
	}
	if c.GPIO != nil {
		d.gpio(c)
	}
	if status != nil {
		d.standing(c, status)
	}
}

func (d *doctor) serial(c config.Counter, box config.Pad) {
	port := c.Serial.Port
	if d.there(c.Counter, port) {
		d.lasting(c.Counter, port)
		if d.alone {
			d.free(c.Counter, port)
		}
	}
	name := d.named(c.Counter, "profile", "型号")
	if _, err := config.Profile(c.Serial.Profile, box.Profiles); err != nil { // read again, vectors and all
		d.ill(name, fmt.Sprintf("%s: %v", c.Serial.Profile, err), d.say("correct the profile", "请修改型号文件"))
		return
	}
	d.well(name, "%s: its examples come out right", "%s：示例全部通过", c.Serial.Profile)
}

func (d *doctor) named(counter, english, chinese string) string {
	if d.chinese {
		return counter + " " + chinese
	}
	return counter + " " + english
}

// there looks whether a device is there, and may be read and written.
func (d *doctor) there(counter, path string) bool {
	name := d.named(counter, "port", "端口")
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		d.ill(name, d.say("%s is not there", "%s 不存在", path), d.say("plug it in, or find its name with: evalpad probe", "请插好设备，或用 evalpad probe 查找端口名称"))
		return false
	case err != nil:
		d.ill(name, err.Error(), d.say("look at the folder's rights", "请检查目录权限"))
		return false
	}
	if err := d.access(path); err != nil {
		d.ill(name, d.say("no right to use %s (group %s)", "没有使用 %s 的权限（用户组 %s）", path, groupOf(info)),
			d.say("usermod -aG %s evalpad, and restart the agent", "执行 usermod -aG %s evalpad 后重启评价器程序", groupOf(info)))
		return false
	}
	d.well(name, "%s is there", "%s 存在", path)
	return true
}

// lasting wants a name that a loose plug does not change.
func (d *doctor) lasting(counter, port string) {
	base := filepath.Base(port)
	if !strings.HasPrefix(base, "ttyUSB") && !strings.HasPrefix(base, "ttyACM") {
		return
	}
	do := d.say("plug it in anew: it has no name in /dev/serial yet", "请重新插拔：它在 /dev/serial 下还没有名称")
	if name := byName(d.dev, port); name != port {
		do = d.say("write port: %s", "请写 port: %s", name)
	}
	d.ill(d.named(counter, "name", "名称"), d.say("%s may be another device after the next start", "%s 重启后可能变成另一个设备", port), do)
}

// free looks whether anybody has the port while no agent runs.
func (d *doctor) free(counter, port string) {
	name := d.named(counter, "line", "线路")
	err := d.try(port)
	switch {
	case errors.Is(err, syscall.EWOULDBLOCK) || errors.Is(err, syscall.EBUSY):
		d.ill(name, err.Error(), d.say("end that program: fuser -v %s", "请结束占用的程序：fuser -v %s", port))
	case err != nil:
		d.ill(name, err.Error(), d.say("look at the cable and the adapter", "请检查线缆和转换器"))
	default:
		d.well(name, "%s can be opened", "%s 可以打开", port)
	}
}

func (d *doctor) usb(c config.Counter) {
	d.lines(c.Counter, lampLines(c.USB.Lamps))
	if !d.there(c.Counter, c.USB.Port) || strings.Contains(c.USB.Port, "/by-") {
		return
	}
	d.ill(d.named(c.Counter, "name", "名称"), d.say("%s may be another device after the next start", "%s 重启后可能变成另一个设备", c.USB.Port),
		d.say("write its name in /dev/input/by-id", "请写 /dev/input/by-id 下的名称"))
}

func (d *doctor) gpio(c config.Counter) {
	d.lines(c.Counter, slices.Concat(slices.Sorted(maps.Keys(c.GPIO.Keys)), lampLines(c.GPIO.Lamps)))
}

func lampLines(l config.Lamps) []string {
	return slices.Concat([]string{l.Ask, l.Thanks, l.Fault, l.Buzzer}, slices.Sorted(maps.Values(l.Questions)))
}

// lines looks whether GPIO lines are there; "" is none.
func (d *doctor) lines(counter string, lines []string) {
	name, well := d.named(counter, "lines", "引脚"), 0
	for _, line := range lines {
		if line == "" {
			continue
		}
		if err := d.line(line); err != nil {
			d.ill(name, fmt.Sprintf("%s: %v", line, err), d.say("compare with gpioinfo; the agent's user must be in group gpio", "请与 gpioinfo 的输出核对；评价器程序的用户须属于 gpio 组"))
			continue
		}
		well++
	}
	if well > 0 {
		d.well(name, "%d are there", "%d 个存在", well)
	}
}

// standing is what the running agent says of the counter.
func (d *doctor) standing(c config.Counter, status *agent.Status) {
	name, before := d.named(c.Counter, "pad", "评价器"), len(d.symptoms)
	for _, trouble := range []struct{ mode, do string }{
		{agent.PadLost, d.say("look at its cable and power; nothing needs a restart", "请检查线缆和电源，无需重启")},
		{agent.StuckKey, d.say("free the key; the others count meanwhile", "请松开卡住的键；其余键照常计数")},
	} {
		if slices.Contains(status.Degraded, c.Counter+" "+trouble.mode) {
			d.ill(name, modeWords(trouble.mode), trouble.do)
		}
	}
	if len(d.symptoms) > before {
		return
	}
	at := slices.IndexFunc(status.Counters, func(s agent.CounterState) bool { return s.Counter == c.Counter })
	switch {
	case at < 0:
		d.ill(name, d.say("the running agent does not serve this counter", "正在运行的程序没有服务该窗口"), "systemctl restart evalpad")
	case status.Counters[at].Seen == 0:
		d.well(name, "served; nothing was pressed since the agent started", "服务中；启动以来还没有按键")
	default:
		s := status.Counters[at]
		last := (time.Duration(s.LastMS) * time.Millisecond).Round(time.Second)
		d.well(name, "served; %d seen, %d kept, the last %v ago", "服务中；收到 %d 次，保存 %d 次，最近一次在 %v 前", s.Seen, s.Accepted, last)
	}
}

// groupOf names the group that owns a device.
func groupOf(info fs.FileInfo) string {
	stat, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return "?"
	}
	return groupName(stat.Gid)
}

func groupName(gid uint32) string {
	id := strconv.FormatUint(uint64(gid), 10)
	if g, err := user.LookupGroupId(id); err == nil {
		return g.Name
	}
	return id
}
