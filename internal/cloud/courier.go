package cloud

import (
	"context"
	"fmt"
	"time"

	"cubby/internal/auth"
	"cubby/internal/locker"
	"cubby/internal/store/db"
	"cubby/internal/wire"
)

// CarrierView is a carrier.
type CarrierView struct {
	ID   locker.CarrierID
	Name string
}

// Carriers returns all carriers by name.
func (c *Cloud) Carriers(ctx context.Context) ([]CarrierView, error) {
	rows, err := c.store.Read().ListCarriers(ctx)
	if err != nil {
		return nil, fmt.Errorf("list carriers: %w", err)
	}
	carriers := make([]CarrierView, 0, len(rows))
	for _, row := range rows {
		carriers = append(carriers, CarrierView{ID: locker.CarrierID(row.ID), Name: row.Name})
	}
	return carriers, nil
}

// PutCarrier adds or renames a carrier. All organizations share the list, so that only the one at the
// root of the tree renames what is there.
func (c *Cloud) PutCarrier(ctx context.Context, p Principal, v CarrierView) error {
	if err := p.Need(RoleManager, auth.ScopeWrite); err != nil {
		return err
	}
	name, err := checkText("name", v.Name, 1, 100)
	if err != nil {
		return err
	}
	id, err := checkText("id", string(v.ID), 1, 40)
	if err != nil {
		return err
	}
	return c.store.Tx(ctx, func(q *db.Queries) error {
		if err := c.mayName(ctx, q, p, id, name); err != nil {
			return err
		}
		if err := q.PutCarrier(ctx, db.PutCarrierParams{ID: id, Name: name}); err != nil {
			return fmt.Errorf("write a carrier: %w", err)
		}
		return c.act(ctx, q, p, act{kind: "put_carrier", subject: id})
	})
}

func (c *Cloud) mayName(ctx context.Context, q *db.Queries, p Principal, id, name string) error {
	have, err := q.FindCarrier(ctx, id)
	if isNone(err) || err == nil && have.Name == name {
		return nil
	}
	if err != nil {
		return fmt.Errorf("find carrier %s: %w", id, err)
	}
	if own, err := q.FindOrganization(ctx, p.Organization); err != nil || own.Parent.Valid {
		return locker.Errorf(locker.CodeNotAllowed, "carrier %q has another name: choose another id", id)
	}
	return nil
}

// CourierView is a courier's access to a site.
type CourierView struct {
	ID          locker.CourierID
	Site        locker.SiteID
	Carrier     locker.CarrierID
	CarrierName string
	Name        string
	From        time.Time // zero: since ever
	Until       time.Time // zero: no end
	Revoked     bool
}

// Couriers returns the accesses of couriers to a site by name.
func (c *Cloud) Couriers(ctx context.Context, p Principal, site locker.SiteID) ([]CourierView, error) {
	if _, err := c.findSite(ctx, p, site); err != nil {
		return nil, err
	}
	rows, err := c.store.Read().ListCouriers(ctx, string(site))
	if err != nil {
		return nil, fmt.Errorf("list couriers: %w", err)
	}
	couriers := make([]CourierView, 0, len(rows))
	for _, row := range rows {
		couriers = append(couriers, CourierView{
			ID: locker.CourierID(row.ID), Site: site, Carrier: locker.CarrierID(row.Carrier), CarrierName: row.CarrierName,
			Name: row.Name, From: moment(row.ValidFrom), Until: moment(row.Until), Revoked: row.Revoked,
		})
	}
	return couriers, nil
}

// CourierDraft is a courier's access to add or to change.
type CourierDraft struct {
	ID      locker.CourierID // empty: a new one
	Carrier locker.CarrierID
	Name    string
	From    time.Time
	Until   time.Time
	Revoked bool
	NewCode bool // the old code is worthless from now on
}

// PutCourier adds or changes a courier's access and tells the site.
func (c *Cloud) PutCourier(ctx context.Context, p Principal, site locker.SiteID, d CourierDraft) (locker.CourierID, error) {
	if err := p.Need(RoleManager, auth.ScopeWrite); err != nil {
		return "", err
	}
	name, err := checkText("name", d.Name, 1, 100)
	if err != nil {
		return "", err
	}
	d.Name = name
	if !d.Until.IsZero() && !d.Until.After(d.From) {
		return "", locker.Errorf(locker.CodeInputInvalid, "the access ends before it begins")
	}
	err = c.store.Tx(ctx, func(q *db.Queries) error {
		row, err := c.findSiteIn(ctx, q, p, site)
		if err != nil {
			return err
		}
		if _, err := q.FindCarrier(ctx, string(d.Carrier)); err != nil {
			return notFound(err, "carrier")
		}
		courier, err := c.writeCourier(ctx, q, row, &d)
		if err != nil {
			return err
		}
		change, err := wire.EncodeCourier(courier)
		if err != nil {
			return err
		}
		if err := c.publish(ctx, q, row.ID, change); err != nil {
			return err
		}
		return c.act(ctx, q, p, act{kind: "put_courier", site: row.ID, subject: string(d.ID)})
	})
	if err == nil {
		c.wakeSites(site)
	}
	return d.ID, err
}

// writeCourier writes the row of an access and sets the id of a new one.
func (c *Cloud) writeCourier(ctx context.Context, q *db.Queries, site db.Site, d *CourierDraft) (locker.Courier, error) {
	row := db.Courier{ID: string(d.ID), Site: site.ID, Generation: 1, KeyID: site.CodeKey, CreatedAt: c.millis()}
	fresh := d.ID == ""
	if fresh {
		d.ID = locker.CourierID(c.newID())
		row.ID = string(d.ID)
	} else {
		var err error
		if row, err = q.FindCourier(ctx, string(d.ID)); err != nil || row.Site != site.ID {
			return locker.Courier{}, notFound(noneIf(err), "courier")
		}
		if d.NewCode {
			row.Generation, row.KeyID = row.Generation+1, site.CodeKey
		}
	}
	row.Carrier, row.Name, row.Revoked = string(d.Carrier), d.Name, d.Revoked
	row.ValidFrom, row.Until = int64(locker.At(d.From)), int64(locker.At(d.Until))
	var err error
	if fresh {
		err = q.CreateCourier(ctx, db.CreateCourierParams(row))
	} else {
		err = q.UpdateCourier(ctx, db.UpdateCourierParams{
			Carrier: row.Carrier, Name: row.Name, Generation: row.Generation, KeyID: row.KeyID, ValidFrom: row.ValidFrom,
			Until: row.Until, Revoked: row.Revoked, ID: row.ID,
		})
	}
	if err != nil {
		return locker.Courier{}, fmt.Errorf("write a courier: %w", err)
	}
	return locker.Courier{
		ID: d.ID, Carrier: d.Carrier, Name: d.Name, Generation: uint32(row.Generation), Key: locker.KeyID(row.KeyID),
		From: locker.Millis(row.ValidFrom), Until: locker.Millis(row.Until), Revoked: d.Revoked,
	}, nil
}

// CourierCode returns the code of a courier's access. The act is recorded.
func (c *Cloud) CourierCode(ctx context.Context, p Principal, id locker.CourierID) (Code, error) {
	if err := p.Need(RoleManager, auth.ScopeWrite); err != nil {
		return Code{}, err
	}
	var code Code
	err := c.store.Tx(ctx, func(q *db.Queries) error {
		row, err := q.FindCourier(ctx, string(id))
		if err != nil {
			return notFound(err, "courier")
		}
		if _, err := c.findSiteIn(ctx, q, p, locker.SiteID(row.Site)); err != nil {
			return locker.Errorf(locker.CodeNotFound, "no such courier")
		}
		cr, err := c.derive(ctx, q, derivation{row.Site, row.KeyID, subjectCourier + row.ID, row.Generation})
		if err != nil {
			return err
		}
		code = codeOf(cr, "")
		return c.act(ctx, q, p, act{kind: "show_courier_code", site: row.Site, subject: row.ID})
	})
	return code, err
}
