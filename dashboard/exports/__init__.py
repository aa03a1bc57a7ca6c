"""What people take away: what pages say as plain blocks (`document`), and those as files of every kind."""
