package consoletest

import (
	"bytes"
	"context"
	"image"
	"image/color"
	"image/jpeg"
	"time"

	"cubby/internal/cloud"
	"cubby/internal/cloud/holder"
	"cubby/internal/locker"
	"cubby/internal/web/console/said"
)

var _ said.Desk = (*Fake)(nil)

// Reports knows what was said of s4 and s5: one report with words and a picture, one with neither.
func (f *Fake) Reports(_ context.Context, _ cloud.Principal, _ locker.SiteID, stay locker.StayID) ([]holder.Report, error) {
	if stay != "s4" && stay != "s5" {
		return nil, f.read("Reports")
	}
	return []holder.Report{
		{ID: "w1", Problem: locker.ProblemDamaged, Note: "The box is wet & torn at <one> corner.", Photo: true, At: f.now.Add(-40 * time.Minute)},
		{ID: "w2", Problem: locker.ProblemTooHigh, At: f.now.Add(-35 * time.Minute)},
	}, f.read("Reports")
}

// Photo draws the picture of the first report: a brown box.
func (f *Fake) Photo(_ context.Context, _ cloud.Principal, _ locker.SiteID, id string) ([]byte, error) {
	if id != "w1" {
		return nil, locker.Errorf(locker.CodeNotFound, "no such picture")
	}
	const width, height, edge = 800, 1200, 120
	img := image.NewRGBA(image.Rect(0, 0, width, height))
	for y := range height {
		for x := range width {
			c := color.RGBA{R: 90, G: 94, B: 98, A: 255}
			if x > edge && x < width-edge && y > height/3 && y < height-edge {
				c = color.RGBA{R: 176, G: 132, B: 84, A: 255}
			}
			img.SetRGBA(x, y, c)
		}
	}
	var out bytes.Buffer
	if err := jpeg.Encode(&out, img, nil); err != nil {
		return nil, err
	}
	return out.Bytes(), f.read("Photo")
}
