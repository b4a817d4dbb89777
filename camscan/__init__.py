"""camscan finds Hikvision and Dahua equipment on your own estate and keeps the register of it."""
