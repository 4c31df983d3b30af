package main

import (
	"image/color"
	"slices"
	"strings"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"

	"github.com/seed-6c4a6465/btf/bench/harness"
)

// Colours that people with any kind of sight tell apart.
var colours = map[string]color.Color{
	harness.Floor:  color.RGBA{0x99, 0x99, 0x99, 0xff},
	harness.Ours:   color.RGBA{0xd5, 0x5e, 0x00, 0xff},
	harness.Libbpf: color.RGBA{0x00, 0x9e, 0x73, 0xff},
	harness.Lazy:   color.RGBA{0x00, 0x72, 0xb2, 0xff},
	harness.Eager:  color.RGBA{0xcc, 0x79, 0xa7, 0xff},
}

// chart draws the medians from main to the answer as dots, a line for each row, and
// the smallest and largest values as lines through them. The axis is logarithmic,
// which is why there are no bars.
func (p report) chart(path string) error {
	var rows []row
	for _, r := range p.rows {
		if !strings.HasPrefix(r.input.Name, "scaled") {
			rows = append(rows, r)
		}
	}
	slices.Reverse(rows) // the first on top

	pl := plot.New()
	pl.BackgroundColor = color.White
	pl.Title.Text = "Cold process: milliseconds from the start of main to the answer"
	pl.X.Scale, pl.X.Tick.Marker = plot.LogScale{}, plot.LogTicks{Prec: -1}
	pl.Legend.Top = true
	pl.Legend.TextStyle.Font.Size, pl.Y.Tick.Label.Font.Size = vg.Points(10), vg.Points(10)
	grid := plotter.NewGrid()
	grid.Horizontal.Color, grid.Vertical.Color = color.Gray{0xee}, color.Gray{0xdd}
	pl.Add(grid)

	var names []string
	for _, r := range rows {
		short, _, _ := strings.Cut(r.question.Text, ":")
		names = append(names, short+", "+r.input.Name)
	}
	pl.NominalY(names...)
	for _, c := range p.contenders {
		var dots plotter.XYs
		for y, r := range rows {
			s, ok := r.samples[c.Name]
			if !ok {
				continue
			}
			at := func(ns int64) plotter.XY { return plotter.XY{X: float64(ns) / 1e6, Y: float64(y)} }
			dots = append(dots, at(int64(median(s.main))))
			line, err := plotter.NewLine(plotter.XYs{at(int64(slices.Min(s.main))), at(int64(slices.Max(s.main)))})
			if err != nil {
				return err
			}
			line.Color = colours[c.Name]
			pl.Add(line)
		}
		if len(dots) == 0 {
			continue
		}
		scatter, err := plotter.NewScatter(dots)
		if err != nil {
			return err
		}
		scatter.GlyphStyle = draw.GlyphStyle{Color: colours[c.Name], Radius: vg.Points(4), Shape: draw.CircleGlyph{}}
		pl.Add(scatter)
		pl.Legend.Add(c.Title, scatter)
	}
	pl.X.Max *= 40 // room for the legend
	pl.Y.Min, pl.Y.Max = -0.5, float64(len(rows))-0.5
	return pl.Save(24*vg.Centimeter, 12*vg.Centimeter, path)
}
