package client_test

import (
	"context"
	"fmt"

	"cubby/client"
)

// Every parcel that waits too long, at all sites.
func Example() {
	c, err := client.New(client.Options{URL: "https://parcels.example.org", Token: "cubby_…"})
	if err != nil {
		fmt.Println(err)
		return
	}
	for parcel, err := range c.Parcels(context.Background(), client.ParcelFilter{State: "overdue"}) {
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(parcel.Site, parcel.PlaceName, parcel.UnitName, parcel.Days)
	}
}

// Open a door and wait for what the site says.
func ExampleClient_OpenPlace() {
	ctx := context.Background()
	c, err := client.New(client.Options{URL: "https://parcels.example.org", Token: "cubby_…"})
	if err != nil {
		fmt.Println(err)
		return
	}
	asked, err := c.OpenPlace(ctx, "harbour-view", "main/B07", "courier left the scanner inside")
	if client.HasCode(err, client.CodePlaceUnknown) {
		fmt.Println("there is no such door")
		return
	}
	if err != nil {
		fmt.Println(err)
		return
	}
	answer, err := c.Await(ctx, asked)
	fmt.Println(answer.State, answer.Code, err)
}
